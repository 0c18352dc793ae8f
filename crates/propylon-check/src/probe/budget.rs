//! One bound on the bytes a process holds for its clients, however many of them there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that may still be held.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Arc<AtomicUsize>,
}

/// Bytes taken from a budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    left: Arc<AtomicUsize>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(bytes)),
        }
    }

    /// A holding of nothing yet.
    pub(crate) fn open(&self) -> Held {
        Held {
            left: Arc::clone(&self.left),
            bytes: 0,
        }
    }

    /// A holding of `bytes`, if that many are left.
    pub(crate) fn take(&self, bytes: usize) -> Option<Held> {
        let mut held = self.open();
        held.grow_to(bytes).then_some(held)
    }
}

impl Held {
    /// Grows the holding to `bytes`; false, and unchanged, when the budget has not that many.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let taken = self
            .left
            .try_update(Ordering::AcqRel, Ordering::Acquire, |left| {
                left.checked_sub(more)
            })
            .is_ok();
        if taken {
            self.bytes += more;
        }
        taken
    }

    /// Gives back all but `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        self.left.fetch_add(less, Ordering::AcqRel);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Budget::new(10);
        let mut first = budget.take(6).unwrap();
        assert!(budget.take(5).is_none());
        assert!(!first.grow_to(11));
        assert!(first.grow_to(10));
        first.shrink_to(2);
        let second = budget.take(8).unwrap();
        drop((first, second));
        assert!(budget.take(10).is_some());
    }
}
