//! What a scripted upstream saw: connections, requests, and how and when each ended.

use std::time::Instant;

#[derive(Default)]
pub(crate) struct Record {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) connections: Vec<Connection>,
}

/// One accepted connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// When it was accepted.
    pub opened: Instant,
    /// Every byte it brought.
    pub bytes: Vec<u8>,
    /// How it ended, once it has.
    pub end: Option<End>,
}

/// How a connection ended, seen from the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer closed its side in order.
    Fin(Instant),
    /// The peer reset it.
    Reset(Instant),
    /// The script ended it.
    Ours(Instant),
}

impl End {
    /// When.
    pub fn at(self) -> Instant {
        match self {
            Self::Fin(at) | Self::Reset(at) | Self::Ours(at) => at,
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The number of its connection, from 0.
    pub connection: usize,
    /// Its head as it came, with the final empty line.
    pub head: Vec<u8>,
    /// Its body, without transfer coding.
    pub body: Vec<u8>,
    /// The trailer section of a chunked body, as it came.
    pub trailers: Vec<u8>,
    /// When its head was complete.
    pub head_at: Instant,
    /// When its body was complete.
    pub body_at: Instant,
}

impl Exchange {
    /// The request line.
    pub fn line(&self) -> &str {
        self.text().lines().next().unwrap_or_default()
    }

    /// The request's method.
    pub fn method(&self) -> &str {
        self.line().split(' ').next().unwrap_or_default()
    }

    /// The request's target as it came.
    pub fn target(&self) -> &str {
        self.line().split(' ').nth(1).unwrap_or_default()
    }

    /// Name and value of every header, in order, names as they came.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let lines = self.text().split("\r\n").skip(1);
        lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
            .collect()
    }

    /// Every value of a header, whatever the case of its name.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let headers = self.headers().into_iter();
        headers
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).first().copied()
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.head).unwrap_or_default()
    }
}
