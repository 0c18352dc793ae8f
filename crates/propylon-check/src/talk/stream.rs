//! An event stream as it arrives: each event with its instant, every byte kept, and how it ended.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use propylon_mcp::sse::{Item, Parser};
use serde_json::Value;

use crate::wire::{Connection, Ending, Head, Request, Trouble};

/// Most bytes of a stream that are kept.
const RAW_BYTES_MAX: usize = 16 << 20;

/// Something that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) item: Item,
    pub(crate) at: Instant,
}

/// The probe's clock within an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Emission {
    pub(crate) n: u64,
    pub(crate) at_ns: u64,
}

/// An open stream.
pub(crate) struct Stream {
    pub(crate) head: Head,
    pub(crate) sent: Instant,
    /// Every byte of the content so far.
    pub(crate) raw: Vec<u8>,
    connection: Connection,
    parser: Parser,
    waiting: VecDeque<Arrived>,
    /// The id of the last event that had one.
    pub(crate) last_id: Option<String>,
}

impl Stream {
    /// Sends a request and reads the head of its stream. What is not an event stream is an error.
    pub(crate) async fn open(
        mut connection: Connection,
        request: &Request,
        within: Duration,
    ) -> Result<Self, Trouble> {
        let sent = connection.send(request).await?;
        let head = connection.head(&request.method, within).await?;
        let mut stream = Self {
            head,
            sent,
            raw: Vec::new(),
            connection,
            parser: Parser::new(),
            waiting: VecDeque::new(),
            last_id: None,
        };
        if stream.head.status == 200 && stream.head.is_event_stream() {
            return Ok(stream);
        }
        let described = stream.head.describe();
        while stream.raw.len() < 4_096 && stream.fill(within).await.unwrap_or(false) {}
        let body = String::from_utf8_lossy(&stream.raw).into_owned();
        Err(Trouble::unexpected(format!(
            "an event stream was asked for, and {described} came: {}",
            body.chars().take(200).collect::<String>()
        )))
    }

    /// What arrives next; `None` at the end.
    pub(crate) async fn next(&mut self, within: Duration) -> Result<Option<Arrived>, Trouble> {
        let due = Instant::now() + within;
        loop {
            if let Some(arrived) = self.waiting.pop_front() {
                return Ok(Some(arrived));
            }
            let left = due.saturating_duration_since(Instant::now());
            if !self.fill(left).await? && self.waiting.is_empty() {
                return Ok(None);
            }
        }
    }

    /// The next event, comments passed over; `None` at the end.
    pub(crate) async fn event(
        &mut self,
        within: Duration,
    ) -> Result<Option<(Value, Instant)>, Trouble> {
        let due = Instant::now() + within;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            match self.next(left).await? {
                None => return Ok(None),
                Some(Arrived {
                    item: Item::Comment(_),
                    ..
                }) => {}
                Some(Arrived {
                    item: Item::Event(event),
                    at,
                }) => {
                    if let Some(id) = event.id {
                        self.last_id = Some(id);
                    }
                    let value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
                    if !value.is_null() {
                        return Ok(Some((value, at)));
                    }
                }
            }
        }
    }

    /// The next emission of the probe; `None` at the end.
    pub(crate) async fn emission(
        &mut self,
        within: Duration,
    ) -> Result<Option<(Emission, Instant)>, Trouble> {
        let due = Instant::now() + within;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            match self.event(left).await? {
                None => return Ok(None),
                Some((message, at)) => {
                    if let Some(emission) = emission(&message) {
                        return Ok(Some((emission, at)));
                    }
                }
            }
        }
    }

    /// Reads to the end: every emission with its arrival, and the final message if one came.
    pub(crate) async fn drain(
        &mut self,
        within: Duration,
    ) -> Result<(Vec<(Emission, Instant)>, Option<Value>), Trouble> {
        let mut emissions = Vec::new();
        let mut last = None;
        while let Some((message, at)) = self.event(within).await? {
            match emission(&message) {
                Some(emission) => emissions.push((emission, at)),
                None if message.get("result").is_some() || message.get("error").is_some() => {
                    last = Some(message);
                }
                None => {}
            }
        }
        Ok((emissions, last))
    }

    async fn fill(&mut self, within: Duration) -> Result<bool, Trouble> {
        let Some(piece) = self.connection.piece(within).await? else {
            return Ok(false);
        };
        if self.raw.len() < RAW_BYTES_MAX {
            self.raw.extend_from_slice(&piece.bytes);
        }
        let items = self
            .parser
            .push(&piece.bytes)
            .map_err(|error| Trouble::Malformed(error.to_string()))?;
        let arrived = items.into_iter().map(|item| Arrived { item, at: piece.at });
        self.waiting.extend(arrived);
        Ok(true)
    }

    /// How it ended, once it has.
    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.connection.ending()
    }
}

/// The probe's clock in a notification, in whichever form it has.
pub(crate) fn emission(message: &Value) -> Option<Emission> {
    let params = message.get("params")?;
    let inner = match message.get("method")?.as_str()? {
        "notifications/progress" => serde_json::from_str(params.get("message")?.as_str()?).ok()?,
        "notifications/message" => params.get("data")?.clone(),
        _ => params.pointer("/_meta/dev.propylon~1emission")?.clone(),
    };
    Some(Emission {
        n: inner.get("n")?.as_u64()?,
        at_ns: inner.get("at_ns")?.as_u64()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Emission, emission};

    #[test]
    fn every_form_of_an_emission_is_read() {
        let expected = Some(Emission { n: 3, at_ns: 5 });
        let inner = json!({"n": 3, "at_ns": 5});
        let progress =
            json!({"method": "notifications/progress", "params": {"message": inner.to_string()}});
        assert_eq!(emission(&progress), expected);
        assert_eq!(
            emission(&json!({"method": "notifications/message", "params": {"data": inner}})),
            expected
        );
        let listed = json!({"method": "notifications/tools/list_changed", "params": {"_meta": {"dev.propylon/emission": inner}}});
        assert_eq!(emission(&listed), expected);
        assert_eq!(emission(&json!({"result": {}})), None);
    }
}
