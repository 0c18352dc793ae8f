//! One call of the API, and what it says when it refuses.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use propylon_config::{Scheme, UpstreamUrl, UrlHost};
use propylon_net::dial::{self, DialTarget, Resolver};
use serde_json::Value;

/// A look-up, a write to disk, and room for a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// A page of a thousand backends, each with roots of its own.
const BODY_BYTES_MAX: usize = 128 << 20;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(
        "--api: {0} is not the URL of an API: http, a host and a port, as in http://127.0.0.1:9902"
    )]
    Url(String),
    #[error(
        "{0} cannot be reached: {1}. Is propylon serving, with a `backends` section? --api says where"
    )]
    Unreachable(String, String),
    #[error("{0} does not answer like the API: {1}")]
    Strange(String, String),
    /// The API's own words.
    #[error("{title}: {detail}{}", rule.as_ref().map_or(String::new(), |rule| format!(" [{rule}]")))]
    Refused {
        title: String,
        detail: String,
        rule: Option<String>,
    },
}

/// The API, and the right to use it.
pub(super) struct Client {
    url: UpstreamUrl,
    token: String,
}

impl Client {
    pub(super) fn new(api: &str, token: String) -> Result<Self, ApiError> {
        let url: UpstreamUrl = api
            .trim_end_matches('/')
            .parse()
            .map_err(|_| ApiError::Url(api.to_owned()))?;
        // The API speaks plain http, and a token must not be thought safe that is not.
        if url.scheme != Scheme::Http || !url.path.is_empty() {
            return Err(ApiError::Url(api.to_owned()));
        }
        Ok(Self { url, token })
    }

    /// Calls it, and gives what it says; null where that is nothing.
    pub(super) fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        must_be_new: bool,
    ) -> Result<Value, ApiError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| self.unreachable(error))?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.url.authority())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        if must_be_new {
            request = request.header(header::IF_NONE_MATCH, "*");
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| self.strange(error))?;
        let answered = async { tokio::time::timeout(PATIENCE, self.send(request)).await };
        let (status, body) = runtime
            .block_on(answered)
            .map_err(|_elapsed| self.unreachable("it did not answer in time"))??;
        let value = match body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&body).map_err(|error| self.strange(error))?,
        };
        if status.is_success() {
            return Ok(value);
        }
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        match (text("title"), text("detail")) {
            (Some(title), Some(detail)) => Err(ApiError::Refused {
                title,
                detail,
                rule: text("rule"),
            }),
            _ => Err(self.strange(status)),
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), ApiError> {
        let target = self.target().await?;
        let stream = dial::connect(target, PATIENCE)
            .await
            .map_err(|error| self.unreachable(error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.strange(error))?;
        let answer = async {
            let response = sender.send_request(request).await;
            let response = response.map_err(|error| self.strange(error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
            let body = body.map_err(|error| self.strange(error))?;
            Ok((head.status, body.to_bytes()))
        };
        tokio::pin!(answer);
        tokio::select! {
            answered = &mut answer => answered,
            // Its end may come with the last bytes of the answer.
            _ = connection => answer.await,
        }
    }

    async fn target(&self) -> Result<DialTarget, ApiError> {
        let port = self.url.port;
        let name = match &self.url.host {
            UrlHost::Ip(ip) => return Ok(DialTarget::operator(SocketAddr::new(*ip, port))),
            UrlHost::Name(name) => name,
        };
        let resolver = Resolver::new(&[]).map_err(|error| self.unreachable(error))?;
        let answer = resolver.addresses(name, port).await;
        let answer = answer.map_err(|error| self.unreachable(error))?;
        let first = answer.targets.first().copied();
        first.ok_or_else(|| self.unreachable("its name has no address"))
    }

    fn unreachable(&self, cause: impl ToString) -> ApiError {
        ApiError::Unreachable(self.url.origin(), cause.to_string())
    }

    fn strange(&self, cause: impl ToString) -> ApiError {
        ApiError::Strange(self.url.origin(), cause.to_string())
    }
}
