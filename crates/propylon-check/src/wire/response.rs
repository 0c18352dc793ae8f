//! An answer read to its end.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::connection::{Connection, Ending};
use super::head::Head;
use super::request::Request;
use super::trouble::Trouble;

/// An answer: its head, its content, and the clock of both.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) ending: Ending,
    /// When the request's last byte had been handed over.
    pub(crate) sent: Instant,
    /// When the end was seen.
    pub(crate) done: Instant,
}

/// Most bytes of a body that is read whole.
const BODY_BYTES_MAX: usize = 96 << 20;

impl Response {
    /// Sends a request and reads the answer to its end, with no pause over `within`.
    pub(crate) async fn ask(
        connection: &mut Connection,
        request: &Request,
        within: Duration,
    ) -> Result<Self, Trouble> {
        // A server that refuses a large body may answer and close before it has read it all.
        let sending = tokio::time::timeout(within, connection.send(request)).await;
        match sending {
            Ok(Ok(sent)) => Self::read(connection, &request.method, sent, within).await,
            Ok(Err(trouble)) => {
                let answer = Self::read(connection, &request.method, Instant::now(), within).await;
                answer.map_err(|_| trouble)
            }
            Err(_) => {
                let early = Duration::from_secs(1).min(within);
                Self::read(connection, &request.method, Instant::now(), early).await
            }
        }
    }

    /// Reads the answer to its end.
    pub(crate) async fn read(
        connection: &mut Connection,
        method: &str,
        sent: Instant,
        within: Duration,
    ) -> Result<Self, Trouble> {
        let head = connection.head(method, within).await?;
        Self::rest(connection, head, sent, within).await
    }

    /// Reads what comes after a head to its end.
    pub(crate) async fn rest(
        connection: &mut Connection,
        head: Head,
        sent: Instant,
        within: Duration,
    ) -> Result<Self, Trouble> {
        let mut body = Vec::new();
        while let Some(piece) = connection.piece(within).await? {
            body.extend_from_slice(&piece.bytes);
            if body.len() > BODY_BYTES_MAX {
                return Err(Trouble::unexpected(format!(
                    "an answer of more than {BODY_BYTES_MAX} bytes"
                )));
            }
        }
        let ending = connection.ending().cloned().unwrap_or(Ending::Cut);
        Ok(Self {
            head,
            body,
            ending,
            sent,
            done: Instant::now(),
        })
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    /// The body as text, for a person.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first characters of the body on one line.
    pub(crate) fn excerpt(&self) -> String {
        let text = self.text();
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(120).collect()
    }

    /// The JSON-RPC message that answers: the body itself, or the last event of a stream that has an `id`.
    pub(crate) fn message(&self) -> Option<Value> {
        if !self.head.is_event_stream() {
            return serde_json::from_slice(&self.body).ok();
        }
        let mut parser = propylon_mcp::sse::Parser::with_limit(BODY_BYTES_MAX);
        let items = parser.push(&self.body).ok()?;
        items.iter().rev().find_map(|item| match item {
            propylon_mcp::sse::Item::Event(event) => serde_json::from_str::<Value>(&event.data)
                .ok()
                .filter(|message| {
                    message.get("result").is_some() || message.get("error").is_some()
                }),
            propylon_mcp::sse::Item::Comment(_) => None,
        })
    }

    /// From the last byte sent to the end.
    pub(crate) fn took(&self) -> Duration {
        self.done.saturating_duration_since(self.sent)
    }
}
