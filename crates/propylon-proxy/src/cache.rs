//! The shared cache of one upstream: what was answered, by question, and what is being asked at the moment.
//!
//! No I/O and no clock: every call is told the time. Answers and flights are keyed by keyed hashes, never by what a client
//! sent, and each takes a bounded room. One lock serves all workers; nothing is copied or searched for under it but by a
//! change that the server tells of.

mod fetch;
mod key;
mod shelf;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use propylon_config::Cache as Bounds;
use propylon_mcp::cacheable::{Change, Topic};
use tokio::sync::watch;

pub(crate) use fetch::Fetch;
pub(crate) use key::{Key, Keys, Secret};
pub(crate) use shelf::{Evicted, Stored};
use shelf::{Look, Shelf};

/// How long requests for what could not be kept do not wait for each other.
const PASS: Duration = Duration::from_secs(10);

/// What is kept and what is under way.
#[derive(Debug)]
pub(crate) struct Cache {
    secret: Secret,
    state: Mutex<State>,
    uses: [AtomicU64; Use::ALL.len()],
}

#[derive(Debug, Default)]
struct State {
    shelf: Shelf,
    flights: std::collections::HashMap<Key, Flight>,
    flights_begun: u64,
    /// How often the server has told of a change, and when last for each topic.
    changes: u64,
    changed: [u64; Topic::ALL.len()],
}

/// A request that others wait for.
#[derive(Debug)]
struct Flight {
    number: u64,
    began: Instant,
    /// How many changes had been told of when it left: its answer may be from before the next.
    since: u64,
    /// Dropped when it is over, which those who wait notice.
    over: watch::Sender<()>,
}

/// How a request uses the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What is kept is good enough, and so is what is under way.
    Any,
    /// It has waited long enough: what is kept, or an answer of its own.
    Alone,
    /// It wants an answer of its own.
    Refresh,
}

/// What there is for a request.
#[derive(Debug)]
pub(crate) enum Found {
    /// An answer, and how long ago it was received.
    Hit(Arc<Stored>, Duration),
    /// An equal request is under way: over when the receiver is, or not worth waiting for any longer.
    Wait(watch::Receiver<()>, Instant),
    /// Nothing: it has to be asked for.
    Fetch(Box<Fetch>),
}

/// What came of a request that the cache could have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Hit,
    Miss,
    /// It must not be answered from the cache, nor its answer be kept.
    Bypass,
    /// Answered by what an equal request brought.
    Coalesced,
}

impl Use {
    pub(crate) const ALL: [Self; 4] = [Self::Hit, Self::Miss, Self::Bypass, Self::Coalesced];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
            Self::Coalesced => "coalesced",
        }
    }
}

impl Cache {
    /// An empty one, with a secret of its own.
    pub(crate) fn new() -> Self {
        Self {
            secret: Secret::random(),
            state: Mutex::default(),
            uses: Default::default(),
        }
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// What there is for a request.
    pub(crate) fn ask(
        self: &Arc<Self>,
        keys: &Keys,
        mode: Mode,
        now: Instant,
        bounds: Bounds,
    ) -> Found {
        let mut state = self.lock();
        let mut place = keys.shared;
        let mut look = state.shelf.look(&place, now);
        if let (Look::Private, Some(own)) = (&look, keys.own) {
            place = own;
            look = state.shelf.look(&place, now);
        }
        let lead = match look {
            Look::Answer(stored, age) if mode != Mode::Refresh => return Found::Hit(stored, age),
            // Nobody else's answer is for this one, or no answer is ever kept.
            Look::Private | Look::Pass => None,
            Look::Answer(..) | Look::Nothing => {
                match state.join(place, keys.topic, mode, now, bounds) {
                    Join::Wait(receiver, until) => return Found::Wait(receiver, until),
                    Join::Lead(number) => Some((place, number)),
                    Join::Alone => None,
                }
            }
        };
        let since = state.changes;
        drop(state);
        Found::Fetch(Box::new(Fetch::new(self, keys, lead, since, bounds)))
    }

    /// Forgets what a change that the server told of concerns.
    pub(crate) fn tell(&self, change: &Change) {
        let mut state = self.lock();
        state.changes += 1;
        let changes = state.changes;
        for (topic, changed) in Topic::ALL.into_iter().zip(&mut state.changed) {
            if change.concerns(topic, None) {
                *changed = changes;
            }
        }
        state.shelf.invalidate(change);
    }

    /// Drops what is too old; called now and then so that an unused cache empties by itself.
    pub(crate) fn sweep(&self, now: Instant) {
        self.lock().shelf.sweep(now);
    }

    /// Counts what came of a request.
    pub(crate) fn count(&self, used: Use) {
        if let Some(count) = self.uses.get(used as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often each came.
    pub(crate) fn uses(&self) -> impl Iterator<Item = (Use, u64)> {
        let counts = self.uses.iter().map(|count| count.load(Ordering::Relaxed));
        Use::ALL.into_iter().zip(counts)
    }

    /// How many answers are kept, the room they take, and how many have left.
    pub(crate) fn holds(&self) -> (usize, u64, Evicted) {
        let state = self.lock();
        (
            state.shelf.answers(),
            state.shelf.bytes(),
            state.shelf.evicted(),
        )
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request does about equal ones.
enum Join {
    Wait(watch::Receiver<()>, Instant),
    Lead(u64),
    Alone,
}

impl State {
    /// Waits for the request under way, where there is one that left after the last change and not too long ago, or
    /// becomes the one that others wait for.
    fn join(&mut self, place: Key, topic: Topic, mode: Mode, now: Instant, bounds: Bounds) -> Join {
        if mode != Mode::Any || bounds.wait.is_zero() {
            return Join::Alone;
        }
        if let Some(flight) = self.flights.get(&place) {
            let until = flight.began + bounds.wait;
            if now < until && !self.has_changed_since(topic, flight.since) {
                return Join::Wait(flight.over.subscribe(), until);
            }
        }
        self.flights_begun += 1;
        let flight = Flight {
            number: self.flights_begun,
            began: now,
            since: self.changes,
            over: watch::Sender::new(()),
        };
        self.flights.insert(place, flight);
        Join::Lead(self.flights_begun)
    }

    fn has_changed_since(&self, topic: Topic, since: u64) -> bool {
        self.changed
            .get(topic as usize)
            .is_some_and(|changed| *changed > since)
    }

    /// Ends a flight, unless another has taken its place.
    fn land(&mut self, (place, number): (Key, u64)) {
        if self
            .flights
            .get(&place)
            .is_some_and(|flight| flight.number == number)
        {
            self.flights.remove(&place);
        }
    }
}
