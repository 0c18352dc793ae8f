//! A small HTTP client that notes when each message arrived.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use propylon_mcp::sse::{EventTooLong, Item, Parser};
use propylon_net::dial::{self, DialError, DialTarget};
use serde_json::Value;

use super::server_thread::ENDPOINT;

/// Nothing in the walk takes this long.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer in the walk is this large.
const BODY_BYTES_MAX: usize = 1 << 20;

/// How much of an answer is shown that should not have been.
const SHOWN_CHARS_MAX: usize = 120;

/// Why there was no whole answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("the exchange broke off: {0}")]
    Broken(#[from] hyper::Error),
    #[error("the request cannot be written: {0}")]
    Request(#[from] http::Error),
    #[error("no whole answer within {PATIENCE:?}")]
    Slow,
    #[error("the answer is longer than {BODY_BYTES_MAX} bytes")]
    Long,
    #[error("an event is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the answer is {status}, not JSON but: {text}")]
    NotJson { status: StatusCode, text: String },
    #[error(transparent)]
    Event(#[from] EventTooLong),
    #[error("the answer lacks {0}")]
    Lacks(&'static str),
}

/// A message, and when its last byte came.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) at: Instant,
    pub(super) message: Value,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) sent_at: Instant,
    pub(super) head_at: Instant,
    pub(super) arrivals: Vec<Arrival>,
}

impl Answer {
    /// A header's value, where it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The last message: the response to the request.
    pub(super) fn response(&self) -> Option<&Value> {
        self.arrivals.last().map(|arrival| &arrival.message)
    }

    /// From the request to the last message.
    pub(super) fn took(&self) -> Duration {
        let end = self
            .arrivals
            .last()
            .map_or(self.head_at, |arrival| arrival.at);
        end.saturating_duration_since(self.sent_at)
    }
}

/// Posts `body` on a connection of its own. `arrived` is told of each message when it comes.
pub(super) async fn post(
    to: SocketAddr,
    headers: &[(&'static str, String)],
    body: &Value,
    arrived: &mut impl FnMut(&Answer, &Arrival),
) -> Result<Answer, ClientError> {
    let exchange = exchange(to, headers, body, arrived);
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .unwrap_or(Err(ClientError::Slow))
}

async fn exchange(
    to: SocketAddr,
    headers: &[(&'static str, String)],
    body: &Value,
    arrived: &mut impl FnMut(&Answer, &Arrival),
) -> Result<Answer, ClientError> {
    let request = request(to, headers, body)?;
    let sent_at = Instant::now();
    let stream = dial::connect(DialTarget::operator(to), PATIENCE).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let (head, mut body) = response.into_parts();
        let (status, headers, head_at) = (head.status, head.headers, Instant::now());
        let mut answer = Answer {
            status,
            headers,
            sent_at,
            head_at,
            arrivals: Vec::new(),
        };
        read(&mut answer, &mut body, arrived).await?;
        Ok(answer)
    };
    // The connection carries the answer's bytes, and is over with it.
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error.into()),
        },
    }
}

fn request(
    to: SocketAddr,
    headers: &[(&'static str, String)],
    body: &Value,
) -> Result<Request<Full<Bytes>>, ClientError> {
    let mut request = Request::post(ENDPOINT)
        .header(header::HOST, to.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(
            header::USER_AGENT,
            concat!("propylon-demo/", env!("CARGO_PKG_VERSION")),
        );
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    Ok(request.body(Full::new(Bytes::from(body.to_string())))?)
}

/// Reads a stream's events as they come, or a JSON body whole.
async fn read(
    answer: &mut Answer,
    body: &mut Incoming,
    arrived: &mut impl FnMut(&Answer, &Arrival),
) -> Result<(), ClientError> {
    let is_stream = answer
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut parser = Parser::with_limit(BODY_BYTES_MAX);
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame?.into_data() else {
            continue;
        };
        let at = Instant::now();
        if !is_stream {
            whole.extend_from_slice(&bytes);
            if whole.len() > BODY_BYTES_MAX {
                return Err(ClientError::Long);
            }
            continue;
        }
        for item in parser.push(&bytes)? {
            // Priming events have no data: they only say where to resume.
            let Item::Event(event) = item else { continue };
            if !event.data.is_empty() {
                let arrival = Arrival {
                    at,
                    message: serde_json::from_str(&event.data)?,
                };
                arrived(answer, &arrival);
                answer.arrivals.push(arrival);
            }
        }
    }
    if !whole.is_empty() {
        let arrival = Arrival {
            at: Instant::now(),
            message: parse(answer.status, &whole)?,
        };
        arrived(answer, &arrival);
        answer.arrivals.push(arrival);
    }
    Ok(())
}

/// A body that should be JSON; its beginning is said where it is not.
fn parse(status: StatusCode, body: &[u8]) -> Result<Value, ClientError> {
    serde_json::from_slice(body).map_err(|_| {
        let text = String::from_utf8_lossy(body);
        let text = text.chars().take(SHOWN_CHARS_MAX).collect();
        ClientError::NotJson { status, text }
    })
}

/// Whether nobody listens on `address` any more.
pub(super) async fn is_refused(address: SocketAddr) -> bool {
    let result = dial::connect(DialTarget::operator(address), PATIENCE).await;
    result.is_err_and(|error| error.kind == dial::DialErrorKind::Refused)
}
