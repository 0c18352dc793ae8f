//! A request that had to be sent on: what becomes of its answer, and of those who wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use propylon_config::Cache as Bounds;
use propylon_mcp::cacheable::{Cacheable, Scope};

use super::key::{Key, Keys};
use super::shelf::Stored;
use super::{Cache, PASS};

/// A request on its way. Dropped, it is over, and whoever waits for it goes on.
#[derive(Debug)]
pub(crate) struct Fetch {
    cache: Arc<Cache>,
    keys: Keys,
    /// The flight it leads.
    lead: Option<(Key, u64)>,
    /// How many changes had been told of when it left.
    since: u64,
    bounds: Bounds,
    /// When it was answered, as long as that is not known to be kept.
    answered: Option<Instant>,
}

impl Fetch {
    pub(super) fn new(
        cache: &Arc<Cache>,
        keys: &Keys,
        lead: Option<(Key, u64)>,
        since: u64,
        bounds: Bounds,
    ) -> Self {
        Self {
            cache: Arc::clone(cache),
            keys: keys.clone(),
            lead,
            since,
            bounds,
            answered: None,
        }
    }

    /// It is being answered: unless that is kept, equal requests need not wait for each other for a while.
    pub(crate) fn answer_begins(&mut self, now: Instant) {
        self.answered = Some(now);
    }

    /// The longest message whose result is kept.
    pub(crate) fn message_bytes_max(&self) -> u64 {
        // Around the result there are an id and a few words.
        self.bounds.entry_bytes_max + 1024
    }

    /// Keeps an answer, for no wider `scope` than its HTTP head allows, and lets those go on who wait for it.
    pub(crate) fn keep(&mut self, answer: &Cacheable<'_>, widest: Scope, now: Instant) {
        let scope = match widest {
            Scope::Public => answer.scope,
            Scope::Private => Scope::Private,
        };
        let stored = Stored {
            result: answer.result.into(),
            ttl_at: answer.ttl_at.clone(),
            received: now,
            fresh: Duration::from_millis(answer.ttl_ms).min(self.bounds.ttl_max),
        };
        let about = (self.keys.topic, self.keys.uri.clone());
        let mut state = self.cache.lock();
        if state.has_changed_since(self.keys.topic, self.since) {
            // It may be from before the change, and the next may not.
            self.answered = None;
        } else {
            let place = match scope {
                Scope::Public => Some(self.keys.shared),
                Scope::Private => {
                    state.shelf.note_private(self.keys.shared, self.bounds);
                    self.keys.own
                }
            };
            let is_kept = |place| state.shelf.keep(place, stored, about, self.bounds);
            if place.is_none_or(is_kept) {
                self.answered = None;
            }
        }
        drop(state);
        self.end();
    }

    /// Lets those go on who wait.
    fn end(&mut self) {
        let Some(lead) = self.lead.take() else { return };
        let mut state = self.cache.lock();
        state.land(lead);
        if let Some(answered) = self.answered {
            state.shelf.note_pass(lead.0, answered + PASS, self.bounds);
        }
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.end();
    }
}
