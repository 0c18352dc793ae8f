//! Which instance a request goes to: the one its session or task came from, else the next in turn.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What was learned.
pub(super) struct Routes {
    instances: Vec<SocketAddr>,
    turn: AtomicUsize,
    learned: Mutex<HashMap<String, usize>>,
}

impl Routes {
    pub(super) fn new(instances: Vec<SocketAddr>) -> Self {
        Self {
            instances,
            turn: AtomicUsize::new(0),
            learned: Mutex::default(),
        }
    }

    /// The instances to try, the first one first: the learned one for `id`, else the next in turn.
    pub(super) fn order(&self, id: Option<&str>) -> Vec<usize> {
        let learned = id.and_then(|id| {
            self.learned
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(id)
                .copied()
        });
        let first = learned.unwrap_or_else(|| self.turn.fetch_add(1, Ordering::Relaxed));
        (0..self.instances.len())
            .map(|step| (first + step) % self.instances.len())
            .collect()
    }

    pub(super) fn learn(&self, id: &str, instance: usize) {
        self.learned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), instance);
    }

    pub(super) fn address(&self, instance: usize) -> SocketAddr {
        self.instances[instance]
    }

    /// Learns the ids that follow `mark` in an answer's bytes.
    pub(super) fn learn_after(&self, mark: &str, bytes: &[u8], instance: usize) {
        let text = String::from_utf8_lossy(bytes);
        for (at, _) in text.match_indices(mark) {
            let id: String = text[at + mark.len()..]
                .trim_start_matches([':', '"', ' '])
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
                .collect();
            self.learn(&id, instance);
        }
    }
}
