//! The in-memory store: sessions in the order of their last use, bounded in number, bytes and age.
//!
//! No I/O and no clock: every call is told the time. Entries are keyed by the fingerprint of the
//! session id, never the id, so each takes the same room and a dump of the table opens no session.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LinkedHashMap;
use propylon_mcp::SessionFingerprint;

/// What the table may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) entries_max: usize,
    pub(crate) bytes_max: u64,
    /// How long a session is remembered after its last use.
    pub(crate) ttl: Duration,
}

/// How many entries left the table without being asked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evicted {
    pub(crate) expired: u64,
    pub(crate) crowded: u64,
}

/// The sessions of one upstream. `T` is what an instance is known by.
#[derive(Debug)]
pub(crate) struct Memory<T> {
    sessions: Mutex<Sessions<T>>,
}

#[derive(Debug)]
struct Sessions<T> {
    /// Least recently used first: what expires first stands first.
    held: LinkedHashMap<SessionFingerprint, Held<T>>,
    /// The room they take together.
    bytes: u64,
    evicted: Evicted,
}

#[derive(Debug)]
struct Held<T> {
    instance: T,
    used: Instant,
    bytes: u64,
}

/// The room one entry takes: the fingerprint, the instance, the time, two links, the hash slot.
pub(crate) const ENTRY_BYTES: u64 = 128;

impl<T: Clone + PartialEq> Memory<T> {
    pub(crate) fn new() -> Self {
        let sessions = Sessions {
            held: LinkedHashMap::new(),
            bytes: 0,
            evicted: Evicted::default(),
        };
        Self {
            sessions: Mutex::new(sessions),
        }
    }

    /// The instance that holds the session, which counts as a use of it.
    pub(crate) fn find(
        &self,
        session: &SessionFingerprint,
        now: Instant,
        bounds: Bounds,
    ) -> Option<T> {
        let mut sessions = self.lock();
        sessions.expire(now, bounds.ttl);
        let held = sessions.held.to_back(session)?;
        held.used = now;
        Some(held.instance.clone())
    }

    /// Remembers that `instance` holds the session. The newest word counts.
    pub(crate) fn learn(
        &self,
        session: SessionFingerprint,
        instance: T,
        now: Instant,
        bounds: Bounds,
    ) {
        self.learn_more(session, (instance, 0), now, bounds);
    }

    /// The same of an entry that takes so many bytes more than others.
    pub(crate) fn learn_more(
        &self,
        session: SessionFingerprint,
        (instance, more_bytes): (T, u64),
        now: Instant,
        bounds: Bounds,
    ) {
        let mut sessions = self.lock();
        sessions.expire(now, bounds.ttl);
        sessions.remove(&session);
        let bytes = ENTRY_BYTES + more_bytes;
        sessions.bytes += bytes;
        let used = now;
        sessions.held.insert(
            session,
            Held {
                instance,
                used,
                bytes,
            },
        );
        let is_crowded = |sessions: &Sessions<T>| {
            let count = sessions.held.len();
            count > bounds.entries_max || sessions.bytes > bounds.bytes_max
        };
        while sessions.held.len() > 1 && is_crowded(&sessions) {
            sessions.remove_oldest();
            sessions.evicted.crowded += 1;
        }
    }

    /// Forgets the session if `instance` still holds it: another may have minted the id since.
    pub(crate) fn forget(&self, session: &SessionFingerprint, instance: &T) -> bool {
        let mut sessions = self.lock();
        let is_held = sessions
            .held
            .get(session)
            .is_some_and(|held| held.instance == *instance);
        is_held && sessions.remove(session)
    }

    /// How many sessions are remembered.
    pub(crate) fn len(&self) -> usize {
        self.lock().held.len()
    }

    /// The room the remembered sessions take.
    pub(crate) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// How many have been evicted since the start.
    pub(crate) fn evicted(&self) -> Evicted {
        self.lock().evicted
    }

    /// Drops what is too old; called now and then so that an unused table empties by itself.
    pub(crate) fn sweep(&self, now: Instant, bounds: Bounds) {
        self.lock().expire(now, bounds.ttl);
    }

    fn lock(&self) -> MutexGuard<'_, Sessions<T>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Sessions<T> {
    fn remove(&mut self, session: &SessionFingerprint) -> bool {
        let removed = self.held.remove(session);
        self.bytes -= removed.as_ref().map_or(0, |held| held.bytes);
        removed.is_some()
    }

    fn remove_oldest(&mut self) {
        let removed = self.held.pop_front();
        self.bytes -= removed.map_or(0, |(_, held)| held.bytes);
    }

    fn expire(&mut self, now: Instant, ttl: Duration) {
        while let Some((_, held)) = self.held.front()
            && now.saturating_duration_since(held.used) > ttl
        {
            self.remove_oldest();
            self.evicted.expired += 1;
        }
    }
}

#[cfg(test)]
mod tests;
