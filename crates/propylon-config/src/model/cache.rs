//! What an upstream's answers may be kept for, and how much of them.

use std::time::Duration;

/// Answers of 2026-07-28 list and read methods, kept as long as the server says and given to whom it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Answers kept at once; the least recently used goes first.
    pub entries_max: usize,
    /// Memory they may take.
    pub bytes_max: u64,
    /// The longest answer that is kept.
    pub entry_bytes_max: u64,
    /// How long an answer is kept at most, whatever its `ttlMs`.
    pub ttl_max: Duration,
    /// How long a request waits for the answer to an equal one that is under way; zero is not at all.
    pub wait: Duration,
}

impl Default for Cache {
    fn default() -> Self {
        Cache {
            entries_max: 10_000,
            bytes_max: 64 * 1024 * 1024,
            entry_bytes_max: 1024 * 1024,
            ttl_max: Duration::from_secs(60 * 60),
            wait: Duration::from_secs(2),
        }
    }
}
