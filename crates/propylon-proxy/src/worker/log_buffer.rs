//! A worker's lines on their way to the log: collected, stamped, handed over in one piece.

use std::cell::{Cell, RefCell};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use propylon_config::LogFormat;
use tokio::sync::Notify;

use crate::access_log::LogSender;

/// Lines not yet handed over.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    sender: Option<LogSender>,
    format: Cell<LogFormat>,
    lines: RefCell<Vec<u8>>,
    count: Cell<u64>,
    /// How much the last lines came to.
    room: Cell<usize>,
    stamp: RefCell<Stamp>,
    begun: Notify,
}

/// The time of the last line: all but its milliseconds is the same for a second.
#[derive(Debug, Default)]
struct Stamp {
    second: u64,
    text: String,
}

/// Each hand-over wakes the thread that writes.
const HAND_OVER_BYTES: usize = 64 * 1024;
/// How long a line may wait for others.
pub(super) const HAND_OVER_AFTER: Duration = Duration::from_millis(50);

impl LogBuffer {
    pub(crate) fn new(sender: Option<LogSender>, format: LogFormat) -> Self {
        Self {
            sender,
            format: Cell::new(format),
            lines: RefCell::default(),
            count: Cell::new(0),
            room: Cell::new(0),
            stamp: RefCell::default(),
            begun: Notify::new(),
        }
    }

    pub(crate) fn set_format(&self, format: LogFormat) {
        self.format.set(format);
    }

    /// Writes a line. True when the lines should be handed over now.
    pub(crate) fn add(&self, write: impl FnOnce(&str, LogFormat, &mut Vec<u8>)) -> bool {
        if self.sender.is_none() {
            return false;
        }
        let mut lines = self.lines.borrow_mut();
        if lines.is_empty() {
            lines.reserve(self.room.get());
            self.begun.notify_one();
        }
        let mut stamp = self.stamp.borrow_mut();
        write(stamp.now(), self.format.get(), &mut lines);
        self.count.set(self.count.get() + 1);
        lines.len() >= HAND_OVER_BYTES
    }

    /// Waits until there are lines to hand over.
    pub(crate) async fn has_begun(&self) {
        self.begun.notified().await;
    }

    /// Hands the lines over; returns how many were lost.
    pub(crate) fn flush(&self) -> u64 {
        let lines = self.lines.take();
        let count = self.count.take();
        self.room.set(lines.len());
        match &self.sender {
            Some(sender) if !lines.is_empty() && !sender.send(lines) => count,
            _ => 0,
        }
    }
}

impl Stamp {
    /// The time in RFC 3339, to the millisecond, in UTC.
    fn now(&mut self) -> &str {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        if since.as_secs() != self.second || self.text.is_empty() {
            let second = Timestamp::from_second(i64::try_from(since.as_secs()).unwrap_or_default())
                .unwrap_or_default();
            self.second = since.as_secs();
            self.text = format!("{second:.3}");
        }
        let dot = self.text.len().saturating_sub(".000Z".len());
        self.text.truncate(dot);
        let millis = since.subsec_millis();
        self.text.push('.');
        for place in [100, 10, 1] {
            self.text
                .push(char::from_digit(millis / place % 10, 10).unwrap_or('0'));
        }
        self.text.push('Z');
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_rfc_3339_to_the_millisecond() {
        let mut stamp = Stamp::default();
        for _ in 0..3 {
            let text = stamp.now().to_owned();
            assert_eq!(text.len(), "2026-01-01T00:00:00.000Z".len(), "{text}");
            text.parse::<Timestamp>().unwrap();
        }
    }
}
