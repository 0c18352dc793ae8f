//! A stream of HTTP with SSE (2024-11-05): its first event announces the session, which lasts as long as the stream.

use std::sync::Arc;
use std::time::Instant;

use propylon_mcp::SessionFingerprint;

use super::first_event::FirstEvent;
use crate::phase::endpoint_event::{Outside, announced};
use crate::phase::route::Route;
use crate::upstream::instance::Instance;

/// What a stream has to do with that transport.
#[derive(Debug, Default)]
pub(crate) enum HttpSse {
    #[default]
    Nothing,
    /// Its first event will tell.
    Awaited(Box<Awaited>),
    Session(Box<Session>),
}

/// What is needed to understand the first event.
#[derive(Debug)]
pub(crate) struct Awaited {
    first: FirstEvent,
    route: Arc<Route>,
    instance: Arc<Instance>,
    scheme: Box<str>,
    host: Box<str>,
    asked: Box<str>,
    target: Box<str>,
}

/// A session: what its messages are known by leads to the instance until this is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    fingerprint: SessionFingerprint,
    route: Arc<Route>,
    instance: Arc<Instance>,
    remembered: Instant,
}

impl Awaited {
    /// A stream that may turn out to be one of that transport.
    pub(crate) fn new(outside: &Outside<'_>, route: Arc<Route>, instance: Arc<Instance>) -> Self {
        Self {
            first: FirstEvent::default(),
            route,
            instance,
            scheme: outside.scheme.into(),
            host: outside.host.into(),
            asked: outside.asked.into(),
            target: outside.target.into(),
        }
    }

    /// The session that the event with this data begins, and what the data is to be instead.
    fn understand(&self, value: &str, now: Instant) -> (Option<String>, Session) {
        let outside = Outside {
            route: &self.route,
            scheme: &self.scheme,
            host: &self.host,
            asked: &self.asked,
            target: &self.target,
        };
        let announced = announced(value, &outside);
        announced.teach(&self.route.upstream);
        let session = Session {
            fingerprint: announced.fingerprint(),
            route: Arc::clone(&self.route),
            instance: Arc::clone(&self.instance),
            remembered: now,
        };
        session.remember(now);
        (announced.instead, session)
    }
}

impl HttpSse {
    /// What may go on of the next bytes, where the first event is still awaited. The stream's last
    /// bytes wait for nothing.
    pub(crate) fn hold_back(
        &mut self,
        bytes: &[u8],
        is_end: bool,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let Self::Awaited(awaited) = self else {
            return None;
        };
        let mut out = Vec::new();
        let mut session = None;
        let mut first = std::mem::take(&mut awaited.first);
        let is_past = first.take(bytes, &mut out, |value| {
            let (instead, begun) = awaited.understand(value, now);
            session = Some(begun);
            instead
        });
        if is_past {
            *self = session.map_or(Self::Nothing, |session| Self::Session(Box::new(session)));
        } else if is_end {
            out.append(&mut first.release());
        } else {
            awaited.first = first;
        }
        Some(out)
    }

    /// Whether an event is under way of which nothing has gone on.
    pub(crate) fn is_holding(&self) -> bool {
        matches!(self, Self::Awaited(awaited) if awaited.first.is_holding())
    }

    /// When the session is to be remembered anew, so that no quiet stream outlives its session.
    pub(crate) fn turn_due(&self) -> Option<Instant> {
        match self {
            Self::Session(session) => {
                Some(session.remembered + session.route.upstream.bounds.ttl / 2)
            }
            Self::Nothing | Self::Awaited(_) => None,
        }
    }

    /// Remembers the session for as long again.
    pub(crate) fn turn(&mut self, now: Instant) {
        if let Self::Session(session) = self {
            session.remembered = now;
            session.remember(now);
        }
    }
}

impl Session {
    fn remember(&self, now: Instant) {
        let upstream = &self.route.upstream;
        if let Some(sessions) = upstream.sessions() {
            let instance = Arc::clone(&self.instance);
            sessions.learn(self.fingerprint, instance, now, upstream.bounds);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(sessions) = self.route.upstream.sessions() {
            sessions.forget(&self.fingerprint, &self.instance);
        }
    }
}
