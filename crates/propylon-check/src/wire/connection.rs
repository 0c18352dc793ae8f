//! A connection to the chain under test, whichever HTTP version is spoken over it.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::head::Head;
use super::http1::Http1;
use super::http2::Http2;
use super::request::Request;
use super::trouble::Trouble;

/// A version of HTTP between the client and the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HttpVersion {
    /// A connection for each exchange.
    #[serde(rename = "HTTP/1.1")]
    One,
    /// Exchanges share connections: by ALPN over TLS, by prior knowledge over plain TCP.
    #[serde(rename = "HTTP/2")]
    Two,
}

impl HttpVersion {
    /// `HTTP/1.1` or `HTTP/2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "HTTP/1.1",
            Self::Two => "HTTP/2",
        }
    }
}

impl fmt::Display for HttpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a body ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As its framing says.
    Whole,
    /// The connection was closed before the framing's end.
    Cut,
    /// The connection was reset.
    Reset,
    /// What came breaks the framing.
    Broken(String),
}

impl Ending {
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Whole => "complete".into(),
            Self::Cut => "closed before its end".into(),
            Self::Reset => "reset".into(),
            Self::Broken(how) => format!("broken framing: {how}"),
        }
    }
}

/// A piece of a body, and when it came.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    pub(crate) at: Instant,
}

/// One exchange at a time with the chain under test. Dropping it gives the exchange up: an HTTP/1.1 connection is closed,
/// an HTTP/2 stream is reset.
pub(crate) enum Connection {
    One(Box<Http1>),
    Two(Box<Http2>),
}

impl Connection {
    /// Sends a request; the instant after its last byte was handed over.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Instant, Trouble> {
        match self {
            Self::One(http1) => http1.send(&request.bytes()).await,
            Self::Two(http2) => http2.send(request).await,
        }
    }

    /// Reads the head of the answer to a request of `method`; interim answers are passed over.
    pub(crate) async fn head(&mut self, method: &str, within: Duration) -> Result<Head, Trouble> {
        match self {
            Self::One(http1) => http1.head(method, within).await,
            Self::Two(http2) => http2.head(within).await,
        }
    }

    /// The next content of the body; `None` at its end, which [`Self::ending`] then tells.
    pub(crate) async fn piece(&mut self, within: Duration) -> Result<Option<Piece>, Trouble> {
        match self {
            Self::One(http1) => http1.piece(within).await,
            Self::Two(http2) => http2.piece(within).await,
        }
    }

    /// How the body ended, once it has.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        match self {
            Self::One(http1) => http1.ending(),
            Self::Two(http2) => http2.ending(),
        }
    }
}
