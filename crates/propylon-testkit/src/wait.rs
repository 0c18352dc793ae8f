//! Bounded waiting: ask until it is so, or say what was awaited.

use std::time::{Duration, Instant};

/// Asks `probe` every few milliseconds until it gives a value; `None` once `limit` has passed.
pub fn within<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = probe() {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits up to `limit` for `probe` to hold and panics with `what` when it does not.
pub fn eventually(what: &str, limit: Duration, mut probe: impl FnMut() -> bool) {
    if within(limit, || probe().then_some(())).is_none() {
        panic!("within {limit:?}: expected {what}");
    }
}
