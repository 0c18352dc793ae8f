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
    evicted: Evicted,
}

#[derive(Debug)]
struct Held<T> {
    instance: T,
    used: Instant,
}

/// The room one entry takes: the fingerprint, the instance, the time, two links, the hash slot.
pub(crate) const ENTRY_BYTES: u64 = 128;

impl Bounds {
    fn entries(self) -> usize {
        let by_bytes = usize::try_from(self.bytes_max / ENTRY_BYTES).unwrap_or(usize::MAX);
        self.entries_max.min(by_bytes).max(1)
    }
}

impl<T: Clone + PartialEq> Memory<T> {
    pub(crate) fn new() -> Self {
        let sessions = Sessions {
            held: LinkedHashMap::new(),
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
        let mut sessions = self.lock();
        sessions.expire(now, bounds.ttl);
        sessions.held.remove(&session);
        sessions.held.insert(
            session,
            Held {
                instance,
                used: now,
            },
        );
        while sessions.held.len() > bounds.entries() {
            sessions.held.pop_front();
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
        is_held && sessions.held.remove(session).is_some()
    }

    /// How many sessions are remembered.
    pub(crate) fn len(&self) -> usize {
        self.lock().held.len()
    }

    /// The room the remembered sessions take.
    pub(crate) fn bytes(&self) -> u64 {
        self.len() as u64 * ENTRY_BYTES
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
    fn expire(&mut self, now: Instant, ttl: Duration) {
        while let Some((_, held)) = self.held.front()
            && now.saturating_duration_since(held.used) > ttl
        {
            self.held.pop_front();
            self.evicted.expired += 1;
        }
    }
}

#[cfg(test)]
mod tests;
