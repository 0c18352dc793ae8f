//! Where answers are kept, the least recently used first to go, with notes on questions that have none to be kept.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hashlink::LinkedHashMap;
use propylon_config::Cache as Bounds;
use propylon_mcp::cacheable::{Change, Topic};

use super::key::Key;

/// A result as it was received.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) result: Box<str>,
    /// The digits of `ttlMs` in it.
    pub(crate) ttl_at: Range<usize>,
    pub(crate) received: Instant,
    /// How long after that it may be given.
    pub(crate) fresh: Duration,
}

/// How many answers left without being asked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evicted {
    pub(crate) expired: u64,
    pub(crate) crowded: u64,
    pub(crate) invalidated: u64,
}

/// What stands at a key.
#[derive(Debug)]
enum Slot {
    Answer {
        stored: Arc<Stored>,
        topic: Topic,
        uri: Option<Box<str>>,
    },
    /// Its answers are each for one who asks.
    Private,
    /// Its answers cannot be kept, as was seen not long ago.
    Pass(Instant),
}

/// What is found at a key.
#[derive(Debug)]
pub(super) enum Look {
    Answer(Arc<Stored>, Duration),
    Private,
    Pass,
    Nothing,
}

/// The answers.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    slots: LinkedHashMap<Key, Slot>,
    answers: usize,
    bytes: u64,
    evicted: Evicted,
}

/// The room a slot takes besides what it holds: keys, links, lengths, times, the hash slot.
const SLOT_BYTES: u64 = 256;

impl Slot {
    fn bytes(&self) -> u64 {
        let held = match self {
            Self::Answer { stored, uri, .. } => {
                stored.result.len() + uri.as_ref().map_or(0, |uri| uri.len())
            }
            Self::Private | Self::Pass(_) => 0,
        };
        SLOT_BYTES + held as u64
    }

    fn is_answer(&self) -> bool {
        matches!(self, Self::Answer { .. })
    }

    fn is_over(&self, now: Instant) -> bool {
        match self {
            Self::Answer { stored, .. } => {
                now.saturating_duration_since(stored.received) >= stored.fresh
            }
            Self::Private => false,
            Self::Pass(until) => now >= *until,
        }
    }
}

impl Shelf {
    /// What stands at a key, which counts as a use of it.
    pub(super) fn look(&mut self, key: &Key, now: Instant) -> Look {
        let Some(slot) = self.slots.to_back(key) else {
            return Look::Nothing;
        };
        if slot.is_over(now) {
            self.evicted.expired += u64::from(slot.is_answer());
            self.remove(key);
            return Look::Nothing;
        }
        match slot {
            Slot::Answer { stored, .. } => {
                let age = now.saturating_duration_since(stored.received);
                Look::Answer(Arc::clone(stored), age)
            }
            Slot::Private => Look::Private,
            Slot::Pass(_) => Look::Pass,
        }
    }

    /// Keeps an answer; false where it is longer than any that is kept.
    pub(super) fn keep(
        &mut self,
        key: Key,
        stored: Stored,
        (topic, uri): (Topic, Option<Box<str>>),
        bounds: Bounds,
    ) -> bool {
        let is_kept = stored.result.len() as u64 <= bounds.entry_bytes_max;
        if is_kept {
            let stored = Arc::new(stored);
            self.put(key, Slot::Answer { stored, topic, uri }, bounds);
        }
        is_kept
    }

    /// Notes that the answers to a question are private.
    pub(super) fn note_private(&mut self, key: Key, bounds: Bounds) {
        self.put(key, Slot::Private, bounds);
    }

    /// Notes that the answer to a question could not be kept, where nothing else is known of it.
    pub(super) fn note_pass(&mut self, key: Key, until: Instant, bounds: Bounds) {
        if !self.slots.contains_key(&key) {
            self.put(key, Slot::Pass(until), bounds);
        }
    }

    /// Forgets what a change concerns.
    pub(super) fn invalidate(&mut self, change: &Change) {
        let gone = self.remove_where(|slot| match slot {
            Slot::Answer { topic, uri, .. } => change.concerns(*topic, uri.as_deref()),
            Slot::Private | Slot::Pass(_) => false,
        });
        self.evicted.invalidated += gone;
    }

    /// Drops what is too old.
    pub(super) fn sweep(&mut self, now: Instant) {
        let gone = self.remove_where(|slot| slot.is_over(now));
        self.evicted.expired += gone;
    }

    pub(super) fn answers(&self) -> usize {
        self.answers
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn evicted(&self) -> Evicted {
        self.evicted
    }

    /// How many slots there are, notes included.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    fn put(&mut self, key: Key, slot: Slot, bounds: Bounds) {
        self.remove(&key);
        self.bytes += slot.bytes();
        self.answers += usize::from(slot.is_answer());
        self.slots.insert(key, slot);
        while self.slots.len() > bounds.entries_max || self.bytes > bounds.bytes_max {
            let Some((_, slot)) = self.slots.pop_front() else {
                return;
            };
            self.has_left(&slot);
            self.evicted.crowded += u64::from(slot.is_answer());
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(slot) = self.slots.remove(key) {
            self.has_left(&slot);
        }
    }

    /// Removes slots, and says how many of them were answers.
    fn remove_where(&mut self, goes: impl Fn(&Slot) -> bool) -> u64 {
        let (mut bytes, mut answers) = (0, 0);
        self.slots.retain(|_, slot| {
            let stays = !goes(slot);
            if !stays {
                bytes += slot.bytes();
                answers += usize::from(slot.is_answer());
            }
            stays
        });
        self.bytes -= bytes;
        self.answers -= answers;
        answers as u64
    }

    fn has_left(&mut self, slot: &Slot) {
        self.bytes -= slot.bytes();
        self.answers -= usize::from(slot.is_answer());
    }
}

impl Stored {
    /// Writes the response to the request with this id. All of the result is as it was received but the number of
    /// `ttlMs`: a client counts it from when it receives it (caching, Freshness Calculation), and knows no `Age`.
    pub(crate) fn response(&self, id: &str, age: Duration) -> String {
        let left = self.fresh.saturating_sub(age).as_millis();
        let before = self.result.get(..self.ttl_at.start).unwrap_or_default();
        let after = self.result.get(self.ttl_at.end..).unwrap_or_default();
        format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{before}{left}{after}}}")
    }
}
