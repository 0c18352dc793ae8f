//! One HTTP/2 exchange over a connection that others share: a request out, head and body in, and how they ended.

use std::future::poll_fn;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::header::{HeaderName, HeaderValue};
use tokio::time::timeout;

use super::carrier::Carrier;
use super::connection::{Ending, Piece};
use super::head::Head;
use super::request::{Request, Sending};
use super::trouble::Trouble;

/// What belongs to an HTTP/1.1 connection and has no place here (RFC 9113, 8.2.2); `Host` is the authority.
const CONNECTION_OWN: &[&str] = &[
    "connection",
    "host",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Exchanges one after the other over a shared connection.
pub(crate) struct Http2 {
    carrier: Rc<Carrier>,
    answer: Answer,
    ending: Option<Ending>,
}

/// How far the exchange is.
enum Answer {
    None,
    Awaited(ResponseFuture),
    Body(RecvStream),
}

impl Http2 {
    pub(crate) fn new(carrier: Rc<Carrier>) -> Self {
        carrier.take();
        Self {
            carrier,
            answer: Answer::None,
            ending: None,
        }
    }

    pub(crate) async fn send(&mut self, request: &Request) -> Result<Instant, Trouble> {
        let message = self.message(request)?;
        let ended = |error: h2::Error| Trouble::Ended {
            when: "while a request was sent",
            how: error.to_string(),
        };
        let mut sender = self.carrier.sender().ready().await.map_err(ended)?;
        let (answer, mut out) = sender
            .send_request(message, request.body.is_none())
            .map_err(ended)?;
        self.answer = Answer::Awaited(answer);
        self.ending = None;
        if let Some(body) = &request.body {
            push(&mut out, body.clone().into()).await.map_err(ended)?;
        }
        Ok(Instant::now())
    }

    fn message(&self, request: &Request) -> Result<http::Request<()>, Trouble> {
        let unsendable =
            |what: &str| Trouble::unexpected(format!("{what} cannot be sent over HTTP/2"));
        let host = request.line("host").unwrap_or_default();
        let host = std::str::from_utf8(host).map_err(|_| unsendable("this Host"))?;
        let target = http::Uri::builder()
            .scheme(self.carrier.scheme())
            .authority(host)
            .path_and_query(request.target.as_str())
            .build()
            .map_err(|_| unsendable("this Host or target"))?;
        let mut builder = http::Request::builder()
            .method(request.method.as_str())
            .uri(target)
            .version(http::Version::HTTP_2);
        let own = |name: &str| {
            CONNECTION_OWN
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own))
        };
        for (name, value) in request.lines.iter().filter(|(name, _)| !own(name)) {
            let header = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value);
            let (Ok(header), Ok(value)) = (header, value) else {
                return Err(unsendable(&format!("the header {name}")));
            };
            builder = builder.header(header, value);
        }
        if let (Some(body), Sending::Sized) = (&request.body, request.sending) {
            builder = builder.header(http::header::CONTENT_LENGTH, body.len());
        }
        builder.body(()).map_err(|_| unsendable("this request"))
    }

    pub(crate) async fn head(&mut self, within: Duration) -> Result<Head, Trouble> {
        let Answer::Awaited(answer) = &mut self.answer else {
            return Err(Trouble::unexpected("an answer was waited for unasked"));
        };
        let response = match timeout(within, answer).await {
            Err(_) => {
                return Err(Trouble::Silent {
                    what: "the head of an answer",
                    waited: within,
                });
            }
            Ok(Err(error)) => {
                self.answer = Answer::None;
                return Err(Trouble::Ended {
                    when: "before the head of the answer",
                    how: error.to_string(),
                });
            }
            Ok(Ok(response)) => response,
        };
        let (head, body) = response.into_parts();
        self.ending = body.is_end_stream().then_some(Ending::Whole);
        self.answer = Answer::Body(body);
        let lines = head.headers.iter();
        Ok(Head {
            status: head.status.as_u16(),
            lines: lines
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect(),
            at: Instant::now(),
        })
    }

    pub(crate) async fn piece(&mut self, within: Duration) -> Result<Option<Piece>, Trouble> {
        let due = Instant::now() + within;
        let Answer::Body(body) = &mut self.answer else {
            return Ok(None);
        };
        while self.ending.is_none() {
            let left = due.saturating_duration_since(Instant::now());
            match timeout(left, body.data()).await {
                Err(_) => {
                    return Err(Trouble::Silent {
                        what: "the next bytes of a body",
                        waited: within,
                    });
                }
                Ok(None) => self.ending = Some(Ending::Whole),
                Ok(Some(Err(error))) => self.ending = Some(broken(&error)),
                Ok(Some(Ok(bytes))) => {
                    let at = Instant::now();
                    // What is read makes room for as much again; a reader that stops stops its own stream only.
                    let _ = body.flow_control().release_capacity(bytes.len());
                    if !bytes.is_empty() {
                        return Ok(Some(Piece {
                            bytes: bytes.to_vec(),
                            at,
                        }));
                    }
                }
            }
        }
        Ok(None)
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.carrier.give_back();
    }
}

/// Sends a body as the peer makes room for it.
async fn push(out: &mut SendStream<Bytes>, mut body: Bytes) -> Result<(), h2::Error> {
    while !body.is_empty() {
        out.reserve_capacity(body.len());
        let Some(room) = poll_fn(|context| out.poll_capacity(context)).await else {
            return Err(h2::Reason::STREAM_CLOSED.into());
        };
        let piece = body.split_to(room?.min(body.len()));
        let is_last = body.is_empty();
        out.send_data(piece, is_last)?;
        if is_last {
            return Ok(());
        }
    }
    out.send_data(Bytes::new(), true)
}

fn broken(error: &h2::Error) -> Ending {
    match error.reason() {
        _ if error.is_io() || error.is_go_away() => Ending::Cut,
        Some(h2::Reason::PROTOCOL_ERROR) if error.is_library() => Ending::Broken(error.to_string()),
        _ => Ending::Reset,
    }
}
