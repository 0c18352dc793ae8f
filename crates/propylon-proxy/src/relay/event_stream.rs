//! What the relay knows of an event stream that passes through it: where its events end, and when it needs a sign of life.

use std::time::{Duration, Instant};

use propylon_mcp::sse::Framer;

use super::http_sse::{Awaited, HttpSse};

/// An event stream under way. Holds none of its bytes.
#[derive(Debug)]
pub(crate) struct EventStream {
    framer: Framer,
    /// After how long without a byte a comment is put in; none where none can be.
    keepalive: Option<Duration>,
    commented: Option<Instant>,
    last_word: LastWord,
    /// Whether its events can be told apart at all, or a content coding hides them.
    is_plain: bool,
    http_sse: HttpSse,
    /// What its client is told before anything else.
    notice: Option<&'static [u8]>,
}

/// What a stream needs before it may be ended as a whole one, when the grace of a drain is over.
#[derive(Debug)]
pub(crate) enum LastWord {
    /// The answer of a call, which is the server's to give.
    Owed,
    /// Nothing: its client opens another.
    Nothing,
    /// The response to the `subscriptions/listen` with this id (2026-07-28 subscriptions, Graceful
    /// Closure).
    Result(Box<str>),
}

impl EventStream {
    /// A stream whose bytes are its events.
    pub(crate) fn plain(keepalive: Option<Duration>, last_word: LastWord) -> Self {
        Self {
            framer: Framer::new(),
            keepalive,
            commented: None,
            last_word,
            is_plain: true,
            http_sse: HttpSse::Nothing,
            notice: None,
        }
    }

    /// A stream behind a content coding: nothing can be put in, and no place to end it be found.
    pub(crate) fn coded() -> Self {
        Self {
            is_plain: false,
            ..Self::plain(None, LastWord::Owed)
        }
    }

    /// Expects that the first event may announce a session of HTTP with SSE.
    pub(crate) fn awaits(mut self, awaited: Awaited) -> Self {
        self.http_sse = HttpSse::Awaited(Box::new(awaited));
        self
    }

    /// Begins with an event of our own.
    pub(crate) fn begins_with(mut self, notice: &'static [u8]) -> Self {
        self.notice = Some(notice);
        self
    }

    /// The event to begin with, once.
    pub(crate) fn take_notice(&mut self) -> Option<&'static [u8]> {
        self.notice.take().filter(|_| self.framer.make_room())
    }

    /// What may go on of the next bytes, where that is not simply all of them.
    pub(crate) fn hold_back(&mut self, bytes: &[u8], is_end: bool) -> Option<Vec<u8>> {
        match &mut self.http_sse {
            HttpSse::Awaited(_) => self.http_sse.hold_back(bytes, is_end, Instant::now()),
            HttpSse::Nothing | HttpSse::Session(_) => None,
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
        self.framer.is_between_events() && !self.http_sse.is_holding()
    }

    /// After how many of the next bytes a line feed is due: see [`Framer::mark_to_end`].
    pub(crate) fn mark_to_end(&self, bytes: &[u8]) -> Option<usize> {
        self.framer.mark_to_end(bytes)
    }

    /// When the stream is next to be seen to, the upstream having been silent since `moved`.
    pub(crate) fn turn_due(&self, moved: Instant) -> Option<Instant> {
        let turns = [self.comment_due(moved), self.http_sse.turn_due()];
        turns.into_iter().flatten().min()
    }

    /// Sees to it, and gives the comment to put in now, if one is due.
    pub(crate) fn turn(&mut self, moved: Instant, now: Instant) -> Option<&'static [u8]> {
        if self.http_sse.turn_due().is_some_and(|due| due <= now) {
            self.http_sse.turn(now);
        }
        self.comment_due(moved).filter(|due| *due <= now)?;
        self.commented = Some(now);
        self.framer.comment()
    }

    fn comment_due(&self, moved: Instant) -> Option<Instant> {
        let keepalive = self.keepalive.filter(|_| self.is_between_events())?;
        Some(self.commented.unwrap_or(moved).max(moved) + keepalive)
    }

    /// Whether it may be ended at all, once no event is under way.
    pub(crate) fn may_end(&self) -> bool {
        !matches!(self.last_word, LastWord::Owed)
    }

    /// The event that is to end it.
    pub(crate) fn last_word(&self) -> String {
        let LastWord::Result(id) = &self.last_word else {
            return String::new();
        };
        let end = self.framer.line_end();
        format!(
            "data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"resultType\":\"complete\",\
             \"_meta\":{{\"io.modelcontextprotocol/subscriptionId\":{id}}}}}}}{end}{end}"
        )
    }
}
