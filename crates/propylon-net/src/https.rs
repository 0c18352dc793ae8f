//! A small client for https, over the one dialler and the one TLS: a request, its whole answer, and the connection is closed.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::dial::{self, DialTarget, ResolveError, Resolver};
use crate::tls::{TlsError, UpstreamTls};

/// For the few servers that the operator names beside the upstreams.
pub struct HttpsClient {
    resolver: Resolver,
    tls: UpstreamTls,
}

/// A request that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// It does not say whom to ask, or not over https.
    #[error("{0} is no https URL")]
    Url(Uri),
    /// The name does not resolve.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Nobody could be connected to, or verified.
    #[error("{host}: {cause}")]
    Connect {
        /// Who was to be asked.
        host: String,
        /// What went wrong.
        cause: String,
    },
    /// The answer broke off, is larger than 1 MiB, or is no HTTP.
    #[error("{host}: no whole answer: {cause}")]
    Answer {
        /// Who was asked.
        host: String,
        /// What went wrong.
        cause: String,
    },
    /// It took too long.
    #[error("{host}: no answer within {TIME_MAX:?}")]
    Late {
        /// Who was asked.
        host: String,
    },
}

const TIME_MAX: Duration = Duration::from_secs(30);
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
const BODY_BYTES_MAX: usize = 1 << 20;

impl HttpsClient {
    /// A client that asks these DNS servers, or the system's, and trusts these roots, or the system's.
    ///
    /// # Errors
    /// A file of roots that cannot be used.
    pub fn new(resolver: Resolver, ca: Option<PathBuf>) -> Result<Self, TlsError> {
        let tls = propylon_config::UpstreamTls {
            ca,
            ..Default::default()
        };
        Ok(Self {
            resolver,
            tls: UpstreamTls::load(&tls, false)?,
        })
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// See [`HttpsError`].
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<Bytes>, HttpsError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let host = request.uri().host().unwrap_or_default().to_owned();
        if request.uri().scheme_str() != Some("https") || host.is_empty() {
            return Err(HttpsError::Url(request.uri().clone()));
        }
        let late = HttpsError::Late { host: host.clone() };
        let exchange = self.exchange(host, request);
        tokio::time::timeout(TIME_MAX, exchange)
            .await
            .unwrap_or(Err(late))
    }

    async fn exchange<B>(
        &self,
        host: String,
        mut request: Request<B>,
    ) -> Result<Response<Bytes>, HttpsError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let stream = self
            .dial(&host, request.uri().port_u16().unwrap_or(443))
            .await?;
        let connect = |cause: String| HttpsError::Connect {
            host: host.clone(),
            cause,
        };
        let stream = self.tls.connect(stream, &host).await;
        let stream = TokioIo::new(stream.map_err(|error| connect(error.to_string()))?);
        let answer = |cause: String| HttpsError::Answer {
            host: host.clone(),
            cause,
        };
        prepare(&mut request);
        let (mut sender, connection) = http1::handshake(stream)
            .await
            .map_err(|error| answer(error.to_string()))?;
        let exchange = async {
            let got = sender.send_request(request).await;
            let (head, body) = got.map_err(|error| answer(error.to_string()))?.into_parts();
            let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
            let body = body.map_err(|error| answer(error.to_string()))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        // The connection's end is told to the exchange, which then has its answer or an error.
        let drive = async {
            let _ = connection.await;
            std::future::pending().await
        };
        tokio::select! {
            biased;
            answer = exchange => answer,
            never = drive => never,
        }
    }

    /// Connects to the first address that takes a connection.
    async fn dial(&self, host: &str, port: u16) -> Result<TcpStream, HttpsError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let targets = match bare.parse::<IpAddr>() {
            Ok(ip) => vec![DialTarget::operator(SocketAddr::new(ip, port))],
            Err(_) => self.resolver.addresses(host, port).await?.targets,
        };
        let mut cause = "the name has no address".to_owned();
        for target in targets {
            match dial::connect(target, CONNECT_TIME_MAX).await {
                Ok(stream) => return Ok(stream),
                Err(error) => cause = error.to_string(),
            }
        }
        Err(HttpsError::Connect {
            host: host.to_owned(),
            cause,
        })
    }
}

/// In the form that a server is asked in, on a connection that is closed after it.
fn prepare<B>(request: &mut Request<B>) {
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let host = authority.and_then(|authority| HeaderValue::from_str(authority).ok());
    let path = request.uri().path_and_query().cloned();
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
    request
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
}
