//! Carries the requests of the ACME library over our own dialler and TLS.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use propylon_net::dial::Resolver;
use propylon_net::https::HttpsClient;

use super::trouble::Trouble;

/// A client for one directory.
#[derive(Clone)]
pub(super) struct Courier {
    client: Arc<HttpsClient>,
    /// What the last refusal asked for, in seconds; 0 for nothing.
    retry_after: Arc<AtomicU64>,
}

impl Courier {
    pub(super) fn new(dns_servers: &[SocketAddr], ca: Option<PathBuf>) -> Result<Self, Trouble> {
        let resolver =
            Resolver::new(dns_servers).map_err(|error| Trouble::Local(error.to_string()))?;
        let client =
            HttpsClient::new(resolver, ca).map_err(|error| Trouble::Local(error.to_string()))?;
        Ok(Self {
            client: Arc::new(client),
            retry_after: Arc::default(),
        })
    }

    /// How long the directory asked to be left alone when it last refused.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.retry_after.load(Ordering::Relaxed);
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    fn note(&self, response: &Response<Bytes>) {
        let refuses = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if !refuses.contains(&response.status()) {
            return;
        }
        let told = response.headers().get(RETRY_AFTER);
        let seconds = told.and_then(|told| told.to_str().ok()?.parse().ok());
        self.retry_after
            .store(seconds.unwrap_or(0), Ordering::Relaxed);
    }
}

impl HttpClient for Courier {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let courier = self.clone();
        Box::pin(async move {
            let sent = courier.client.send(request).await;
            let response = sent.map_err(|error| Error::Other(Box::new(error)))?;
            courier.note(&response);
            Ok(response.map(Full::new).into())
        })
    }
}
