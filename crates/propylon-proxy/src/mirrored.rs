//! What is known of an upstream's mirrored headers: how often they lied.

use std::sync::atomic::AtomicU64;

/// One upstream's, carried over reloads.
#[derive(Debug, Default)]
pub(crate) struct Mirrored {
    /// Requests whose headers were not what their body said, refused or not.
    pub(crate) mismatches: AtomicU64,
}
