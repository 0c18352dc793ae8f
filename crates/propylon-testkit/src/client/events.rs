//! An event stream read one event at a time, with the instant each arrived.

use std::time::{Duration, Instant};

use super::body::chunk_length;
use super::{Ending, RawClient, Response};

/// One event or comment block of a stream.
#[derive(Clone, Debug)]
pub struct Event {
    /// The block as it came, with its final empty line.
    pub text: String,
    /// When its last byte came.
    pub at: Instant,
}

impl Event {
    /// The values of its `data` lines, joined by line feeds.
    pub fn data(&self) -> String {
        let lines = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("data:"));
        lines
            .map(|value| value.strip_prefix(' ').unwrap_or(value))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The value of its `id` line.
    pub fn id(&self) -> Option<&str> {
        self.text
            .lines()
            .find_map(|line| line.strip_prefix("id:"))
            .map(str::trim)
    }

    /// The data as JSON; `Null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data()).unwrap_or_default()
    }

    /// Whether it has nothing but comments.
    pub fn is_comment(&self) -> bool {
        self.text
            .lines()
            .all(|line| line.is_empty() || line.starts_with(':'))
    }
}

/// An open event stream.
pub struct Events {
    client: RawClient,
    chunked: bool,
    left: usize,
    text: Vec<u8>,
    /// Every byte of the stream so far, without transfer coding.
    pub raw: Vec<u8>,
}

impl Events {
    pub(super) fn new(client: RawClient, response: &Response) -> Self {
        let chunked = response.header("transfer-encoding").is_some();
        Self {
            client,
            chunked,
            left: 0,
            text: vec![],
            raw: vec![],
        }
    }

    /// The next block, comments included.
    ///
    /// # Errors
    /// How the stream ended, or [`Ending::Silence`] when nothing came within `limit`.
    pub fn next_block(&mut self, limit: Duration) -> Result<Event, Ending> {
        let end = Instant::now() + limit;
        loop {
            if let Some(end) = block_end(&self.text) {
                let block: Vec<u8> = self.text.drain(..end).collect();
                return Ok(Event {
                    text: String::from_utf8_lossy(&block).into_owned(),
                    at: Instant::now(),
                });
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Ending::Silence);
            }
            self.client.patience(left);
            self.pull()?;
        }
    }

    /// The next event that is more than comments.
    ///
    /// # Errors
    /// As [`next_block`](Self::next_block).
    pub fn next(&mut self, limit: Duration) -> Result<Event, Ending> {
        let end = Instant::now() + limit;
        loop {
            let event = self.next_block(end.saturating_duration_since(Instant::now()))?;
            if !event.is_comment() {
                return Ok(event);
            }
        }
    }

    /// Every event until the stream ends or is silent for `limit`.
    pub fn drain(&mut self, limit: Duration) -> (Vec<Event>, Ending) {
        let mut events = Vec::new();
        loop {
            match self.next(limit) {
                Ok(event) => events.push(event),
                Err(ending) => return (events, ending),
            }
        }
    }

    /// Gives the connection back, to go on with as bytes or to drop.
    pub fn into_client(self) -> RawClient {
        self.client
    }

    /// Moves what has come, or comes next, from the connection to the stream's text.
    fn pull(&mut self) -> Result<(), Ending> {
        if self.chunked && self.left == 0 {
            self.left = chunk_length(&mut self.client)?;
            if self.left == 0 {
                return Err(Ending::Complete);
            }
        }
        if self.client.rest().is_empty() {
            self.client.fill()?;
        }
        let wanted = if self.chunked { self.left } else { usize::MAX };
        let piece = self.client.take(self.client.rest().len().min(wanted));
        self.raw.extend_from_slice(&piece);
        self.text.extend_from_slice(&piece);
        if self.chunked {
            self.left -= piece.len();
            if self.left == 0 {
                while self.client.rest().len() < 2 {
                    self.client.fill()?;
                }
                self.client.take(2);
            }
        }
        Ok(())
    }
}

/// The end of the first block, whose lines end in LF or in CR LF.
fn block_end(text: &[u8]) -> Option<usize> {
    let ends = (0..text.len()).filter_map(|at| {
        let rest = text.get(at..)?;
        let length = [&b"\n\n"[..], b"\r\n\r\n"].into_iter();
        let length = length.filter(|end| rest.starts_with(end)).map(<[u8]>::len);
        length.max().map(|length| at + length)
    });
    ends.min()
}
