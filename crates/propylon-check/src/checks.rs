//! The checks: one file each, named for the practice it sees, and a table of them.

mod accept_rewritten;
mod authorization_lost;
mod body_limit_small;
mod content_type_rewritten;
mod dead_session_status;
mod error_body_replaced;
mod forwarded_spoofable;
mod header_limit_small;
mod host_rewritten;
mod last_event_id_lost;
mod method_blocked;
mod method_headers_lost;
mod param_headers_lost;
mod response_header_lost;
mod session_header_lost;
mod session_scattered;
mod sse_buffered;
mod sse_head_withheld;
mod trace_context_lost;
mod version_header_lost;

use std::pin::Pin;
use std::rc::Rc;

use crate::lab::Lab;
pub(crate) use crate::need::Need;
use crate::outcome::Checked;

/// A check's measurement, under way.
type Running = Pin<Box<dyn Future<Output = Checked>>>;

/// One check.
pub(crate) struct Check {
    /// The practice it sees.
    pub(crate) id: &'static str,
    /// What it cannot do without.
    pub(crate) needs: &'static [Need],
    pub(crate) stage: Stage,
    pub(crate) run: fn(Rc<Lab>) -> Running,
}

/// When in a run a check has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waits for the profile's quiet time, alongside everything else.
    Quiet,
    /// Measures time, so it comes first, with nothing else but what waits.
    Calm,
    /// Takes a moment, side by side with others.
    Swift,
    /// Loads the machine or the chain, so it runs by itself.
    Heavy,
    /// Makes the upstream fail, so it comes last, by itself.
    Breaking,
}

/// Every check, sorted by id.
pub(crate) const CHECKS: &[&Check] = &[
    &accept_rewritten::CHECK,
    &authorization_lost::CHECK,
    &body_limit_small::CHECK,
    &content_type_rewritten::CHECK,
    &dead_session_status::CHECK,
    &error_body_replaced::CHECK,
    &forwarded_spoofable::CHECK,
    &header_limit_small::CHECK,
    &host_rewritten::CHECK,
    &last_event_id_lost::CHECK,
    &method_blocked::CHECK,
    &method_headers_lost::CHECK,
    &param_headers_lost::CHECK,
    &response_header_lost::CHECK,
    &session_header_lost::CHECK,
    &session_scattered::CHECK,
    &sse_buffered::CHECK,
    &sse_head_withheld::CHECK,
    &trace_context_lost::CHECK,
    &version_header_lost::CHECK,
];

#[cfg(test)]
mod tests;
