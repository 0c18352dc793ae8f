//! How many event streams are open: those that stay open, in all and by client address, and apart from them those of calls.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use propylon_config::Limits;

use crate::backends::TenantStream;

/// What an event stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// The answer of a call: it ends with it, and is never refused, since the call has run.
    Call,
    /// What a GET opened: it stays open.
    Get,
    /// What `subscriptions/listen` opened: it stays open.
    Listen,
}

/// The open event streams of all workers.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: [AtomicUsize; StreamKind::ALL.len()],
    /// Those that stay open.
    by_client: Mutex<HashMap<IpAddr, usize>>,
}

/// One open stream; it stops counting when it is dropped.
#[derive(Debug)]
pub(crate) struct OpenStream {
    pub(crate) kind: StreamKind,
    /// The same stream as its tenant counts it.
    pub(crate) of_tenant: Option<TenantStream>,
    streams: Arc<Streams>,
    client: IpAddr,
}

impl StreamKind {
    pub(crate) const ALL: [Self; 3] = [Self::Call, Self::Get, Self::Listen];

    /// How metrics call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Get => "get",
            Self::Listen => "listen",
        }
    }

    /// Whether it may last for hours: then the limits are for it.
    pub(crate) fn stays(self) -> bool {
        self != Self::Call
    }

    /// Its counter among one for each kind.
    pub(crate) fn of<T>(self, counters: &[T; Self::ALL.len()]) -> &T {
        let [call, get, listen] = counters;
        match self {
            Self::Call => call,
            Self::Get => get,
            Self::Listen => listen,
        }
    }
}

impl Streams {
    /// Whether the client may open another stream that stays.
    pub(crate) fn has_room(&self, client: IpAddr, limits: &Limits) -> bool {
        let open = self.staying();
        if open >= limits.streams {
            return false;
        }
        // No client can hold more than all of them together, so most requests need no lock.
        open < limits.streams_per_client || self.of_client(client) < limits.streams_per_client
    }

    /// How many of that kind are open.
    pub(crate) fn open(&self, kind: StreamKind) -> usize {
        kind.of(&self.open).load(Ordering::Relaxed)
    }

    fn staying(&self) -> usize {
        self.open(StreamKind::Get) + self.open(StreamKind::Listen)
    }

    /// Begins a stream, unless it is one that stays and the client may not open another.
    pub(crate) fn try_begin(
        self: &Arc<Self>,
        kind: StreamKind,
        client: IpAddr,
        limits: &Limits,
    ) -> Option<OpenStream> {
        let stream = self.begin(kind, client);
        let fits = !kind.stays()
            || self.staying() <= limits.streams
                && self.of_client(client) <= limits.streams_per_client;
        fits.then_some(stream)
    }

    fn begin(self: &Arc<Self>, kind: StreamKind, client: IpAddr) -> OpenStream {
        kind.of(&self.open).fetch_add(1, Ordering::Relaxed);
        if kind.stays() {
            let mut by_client = self
                .by_client
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *by_client.entry(client).or_default() += 1;
        }
        OpenStream {
            kind,
            of_tenant: None,
            streams: Arc::clone(self),
            client,
        }
    }

    fn of_client(&self, client: IpAddr) -> usize {
        let by_client = self
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        by_client.get(&client).copied().unwrap_or_default()
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let open = self.kind.of(&self.streams.open);
        open.fetch_sub(1, Ordering::Relaxed);
        if !self.kind.stays() {
            return;
        }
        let mut by_client = self
            .streams
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_and_all_together_are_bounded() {
        let streams = Arc::new(Streams::default());
        let limits = Limits {
            streams: 3,
            streams_per_client: 2,
            ..Limits::default()
        };
        let [one, two] = [1, 2].map(|last| IpAddr::from([127, 0, 0, last]));
        let begin = |kind, client| streams.try_begin(kind, client, &limits);
        let first = begin(StreamKind::Get, one).unwrap();
        let _second = begin(StreamKind::Listen, one).unwrap();
        assert!(!streams.has_room(one, &limits) && streams.has_room(two, &limits));
        assert!(begin(StreamKind::Listen, one).is_none(), "its own limit");
        let calls: Vec<_> = (0..5).map(|_| begin(StreamKind::Call, two)).collect();
        assert!(calls.iter().all(Option::is_some), "calls are let through");
        let _third = begin(StreamKind::Get, two).unwrap();
        assert!(!streams.has_room(two, &limits), "all together");
        drop(first);
        assert!(streams.has_room(one, &limits));
        assert_eq!(
            StreamKind::ALL.map(|kind| streams.open(kind)),
            [5, 1, 1],
            "each kind by itself"
        );
    }
}
