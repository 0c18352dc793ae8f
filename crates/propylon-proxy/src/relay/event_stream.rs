//! What the relay knows of an event stream that passes through it: where its events end, and when it needs a sign of life.

use std::time::{Duration, Instant};

use propylon_mcp::sse::Framer;

/// An event stream under way. Holds none of its bytes.
#[derive(Debug)]
pub(crate) struct EventStream {
    framer: Framer,
    /// After how long without a byte a comment is put in; none where none can be.
    keepalive: Option<Duration>,
    commented: Option<Instant>,
    /// Whether it may be ended between events when the grace of a drain is over.
    may_end: bool,
    /// Whether its events can be told apart at all, or a content coding hides them.
    is_plain: bool,
}

impl EventStream {
    /// A stream whose bytes are its events.
    pub(crate) fn plain(keepalive: Option<Duration>, may_end: bool) -> Self {
        Self {
            framer: Framer::new(),
            keepalive,
            commented: None,
            may_end,
            is_plain: true,
        }
    }

    /// A stream behind a content coding: nothing can be put in, and no place to end it be found.
    pub(crate) fn coded() -> Self {
        Self {
            is_plain: false,
            ..Self::plain(None, false)
        }
    }

    /// Takes the next bytes, and says how many events they completed.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> u64 {
        if !self.is_plain {
            return 0;
        }
        self.framer.push(bytes).events_completed as u64
    }

    /// Whether nothing of an event has come that is not whole.
    pub(crate) fn is_between_events(&self) -> bool {
        self.framer.is_between_events()
    }

    /// After how many of the next bytes a line feed is due: see [`Framer::mark_to_end`].
    pub(crate) fn mark_to_end(&self, bytes: &[u8]) -> Option<usize> {
        self.framer.mark_to_end(bytes)
    }

    /// When the next comment is due, the upstream having been silent since `moved`.
    pub(crate) fn comment_due(&self, moved: Instant) -> Option<Instant> {
        let keepalive = self.keepalive.filter(|_| self.framer.is_between_events())?;
        Some(self.commented.unwrap_or(moved).max(moved) + keepalive)
    }

    /// The comment to put in now.
    pub(crate) fn comment(&mut self, now: Instant) -> Option<&'static [u8]> {
        self.commented = Some(now);
        self.framer.comment()
    }

    /// Whether an end here would leave nobody with half an answer.
    pub(crate) fn may_end_here(&self) -> bool {
        self.may_end && self.framer.is_between_events()
    }
}
