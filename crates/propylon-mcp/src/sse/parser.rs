//! A whole parser of event streams, for clients and tests.

use std::time::Duration;

use memchr::memchr2;

/// Most bytes one event may take unless said otherwise.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An event as a client would dispatch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The `event` field, `message` if there was none.
    pub event: String,
    /// The `data` lines, joined by LF.
    pub data: String,
    /// The `id` field of this event itself; see [`Parser::last_event_id`] for the one that lasts.
    pub id: Option<String>,
    /// The `retry` field of this event itself.
    pub retry: Option<Duration>,
}

/// Something complete in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event.
    Event(Event),
    /// A comment line, without its colon and the space that may follow.
    Comment(String),
}

/// An event, or a single line, went past the limit; the stream cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {limit} bytes: raise the limit or end the stream")]
pub struct EventTooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

/// Takes a stream in pieces of any size and gives its events as they complete.
#[derive(Clone, Debug)]
pub struct Parser {
    line: Vec<u8>,
    block: Block,
    last_event_id: String,
    retry: Option<Duration>,
    after_cr: bool,
    at_stream_start: bool,
    event_bytes_max: usize,
}

#[derive(Clone, Debug, Default)]
struct Block {
    event: String,
    data: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// A parser at the start of a stream, with the limit [`EVENT_BYTES_MAX`].
    pub fn new() -> Self {
        Self::with_limit(EVENT_BYTES_MAX)
    }

    /// A parser that takes events, and lines, of at most `event_bytes_max` bytes.
    pub fn with_limit(event_bytes_max: usize) -> Self {
        Self {
            line: Vec::new(),
            block: Block::default(),
            last_event_id: String::new(),
            retry: None,
            after_cr: false,
            at_stream_start: true,
            event_bytes_max,
        }
    }

    /// Takes the next bytes, and gives what they completed. Bytes that are not UTF-8 read as U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Item>, EventTooLong> {
        let mut items = Vec::new();
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let end = memchr2(b'\n', b'\r', rest);
            let (piece, after) = rest
                .split_at_checked(end.unwrap_or(rest.len()))
                .unwrap_or_default();
            self.line.extend_from_slice(piece);
            self.check_length()?;
            if let Some((&terminator, after)) = after.split_first() {
                self.after_cr = terminator == b'\r';
                let line = std::mem::take(&mut self.line);
                items.extend(self.take_line(&line));
                rest = after;
            } else {
                rest = after;
            }
        }
        Ok(items)
    }

    /// The id to resume after: that of the last block that had one, empty if there was none.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The reconnection time the server asked for last.
    pub const fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Whether a block has begun and not ended; an end of the stream here loses it.
    pub fn is_mid_event(&self) -> bool {
        let block = &self.block;
        let has_fields = block.data.is_some()
            || block.id.is_some()
            || block.retry.is_some()
            || !block.event.is_empty();
        has_fields || !self.line.is_empty()
    }

    fn check_length(&self) -> Result<(), EventTooLong> {
        let data = self.block.data.as_ref().map_or(0, String::len);
        if self.line.len() + data > self.event_bytes_max {
            return Err(EventTooLong {
                limit: self.event_bytes_max,
            });
        }
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Option<Item> {
        let line = String::from_utf8_lossy(line);
        let mut line = line.as_ref();
        if std::mem::take(&mut self.at_stream_start) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return self.end_block();
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" => return Some(Item::Comment(value.to_owned())),
            "event" => value.clone_into(&mut self.block.event),
            "data" => match &mut self.block.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                none => *none = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => self.block.id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                let retry = value.parse().map_or(Duration::MAX, Duration::from_millis);
                self.block.retry = Some(retry);
                self.retry = Some(retry);
            }
            _ => {}
        }
        None
    }

    fn end_block(&mut self) -> Option<Item> {
        let block = std::mem::take(&mut self.block);
        if let Some(id) = &block.id {
            self.last_event_id.clone_from(id);
        }
        let event = if block.event.is_empty() {
            "message".to_owned()
        } else {
            block.event
        };
        let data = block.data?;
        Some(Item::Event(Event {
            event,
            data,
            id: block.id,
            retry: block.retry,
        }))
    }
}
