//! The in-memory store: sessions in the order of their last use, bounded in number, bytes and age.
//!
//! No I/O and no clock: every call is told the time. Entries are keyed by the fingerprint of the
//! session id, never the id, so each takes the same room and a dump of the table opens no session.

use std::sync::{Mutex, PoisonError};
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
    shards: Box<[Mutex<Shard<T>>]>,
}

#[derive(Debug)]
struct Shard<T> {
    /// Least recently used first: what expires first stands first.
    sessions: LinkedHashMap<SessionFingerprint, Held<T>>,
    evicted: Evicted,
}

#[derive(Debug)]
struct Held<T> {
    instance: T,
    used: Instant,
}

const SHARDS: usize = 16;

/// The room one entry takes: the fingerprint, the instance, the time, two links, the hash slot.
pub(crate) const ENTRY_BYTES: u64 = 128;

impl Bounds {
    fn per_shard(self) -> usize {
        let by_bytes = usize::try_from(self.bytes_max / ENTRY_BYTES).unwrap_or(usize::MAX);
        self.entries_max.min(by_bytes).div_ceil(SHARDS).max(1)
    }
}

impl<T: Clone + PartialEq> Memory<T> {
    pub(crate) fn new() -> Self {
        let shard = || {
            Mutex::new(Shard {
                sessions: LinkedHashMap::new(),
                evicted: Evicted::default(),
            })
        };
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// The instance that holds the session, which counts as a use of it.
    pub(crate) fn find(
        &self,
        session: &SessionFingerprint,
        now: Instant,
        bounds: Bounds,
    ) -> Option<T> {
        self.with(session, |shard| {
            shard.expire(now, bounds.ttl);
            let held = shard.sessions.to_back(session)?;
            held.used = now;
            Some(held.instance.clone())
        })
    }

    /// Remembers that `instance` holds the session. The newest word counts.
    pub(crate) fn learn(
        &self,
        session: SessionFingerprint,
        instance: T,
        now: Instant,
        bounds: Bounds,
    ) {
        self.with(&session, |shard| {
            shard.expire(now, bounds.ttl);
            shard.sessions.remove(&session);
            shard.sessions.insert(
                session,
                Held {
                    instance,
                    used: now,
                },
            );
            while shard.sessions.len() > bounds.per_shard() {
                shard.sessions.pop_front();
                shard.evicted.crowded += 1;
            }
        });
    }

    /// Forgets the session if `instance` still holds it: another may have minted the id since.
    pub(crate) fn forget(&self, session: &SessionFingerprint, instance: &T) -> bool {
        self.with(session, |shard| {
            let held = shard
                .sessions
                .get(session)
                .is_some_and(|held| held.instance == *instance);
            held && shard.sessions.remove(session).is_some()
        })
    }

    /// How many sessions are remembered.
    pub(crate) fn len(&self) -> usize {
        self.each(|shard| shard.sessions.len()).sum()
    }

    /// The room the remembered sessions take.
    pub(crate) fn bytes(&self) -> u64 {
        self.len() as u64 * ENTRY_BYTES
    }

    /// How many have been evicted since the start.
    pub(crate) fn evicted(&self) -> Evicted {
        self.each(|shard| shard.evicted)
            .fold(Evicted::default(), |sum, one| Evicted {
                expired: sum.expired + one.expired,
                crowded: sum.crowded + one.crowded,
            })
    }

    /// Drops what is too old; called now and then so that an unused table empties by itself.
    pub(crate) fn sweep(&self, now: Instant, bounds: Bounds) {
        self.each(|shard| shard.expire(now, bounds.ttl))
            .for_each(drop);
    }

    fn each<R>(&self, read: impl Fn(&mut Shard<T>) -> R) -> impl Iterator<Item = R> {
        self.shards
            .iter()
            .map(move |shard| read(&mut shard.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn with<R>(&self, session: &SessionFingerprint, act: impl FnOnce(&mut Shard<T>) -> R) -> R {
        let index = usize::from(session.as_bytes()[31]) % SHARDS;
        let mut shard = self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        act(&mut shard)
    }
}

impl<T> Shard<T> {
    fn expire(&mut self, now: Instant, ttl: Duration) {
        while let Some((_, held)) = self.sessions.front()
            && now.saturating_duration_since(held.used) > ttl
        {
            self.sessions.pop_front();
            self.evicted.expired += 1;
        }
    }
}

#[cfg(test)]
mod tests;
