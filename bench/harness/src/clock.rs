//! One clock for every process on this host: CLOCK_MONOTONIC in nanoseconds.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds since an arbitrary point that is the same for all processes of the host.
pub(crate) fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}
