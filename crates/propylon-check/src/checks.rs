//! The checks: one file each, named for the practice it sees, and a table of them.

mod accept_rewritten;
mod auth_challenge_lost;
mod auth_metadata_unreachable;
mod authorization_lost;
mod body_altered;
mod body_limit_small;
mod client_blocked;
mod content_type_rewritten;
mod cors_headers_hidden;
mod dead_session_status;
mod disconnect_cancels_legacy;
mod disconnect_not_propagated;
mod endpoint_unrouted;
mod error_body_replaced;
mod forwarded_spoofable;
mod header_limit_small;
mod health_missing;
mod health_on_endpoint;
mod host_rewritten;
mod http2_stream_limit;
mod idle_timeout_short;
mod keepalive_race;
mod last_event_id_lost;
mod method_blocked;
mod method_headers_lost;
mod mirror_unchecked;
mod origin_unchecked;
mod param_headers_lost;
mod passive_ejection;
mod rate_limit_shape;
mod redirect_drops_body;
mod request_replayed;
mod response_header_lost;
mod response_timeout_short;
mod session_header_lost;
mod session_id_readable;
mod session_open_to_others;
mod session_resumed_elsewhere;
mod session_scattered;
mod slow_reader_starves_others;
mod sse_altered;
mod sse_buffered;
mod sse_cached;
mod sse_compressed;
mod sse_endpoint_unrewritten;
mod sse_head_withheld;
mod sse_keepalive_missing;
mod ssrf_redirect;
mod task_scattered;
mod tls_certificate;
mod tls_old_version;
mod trace_context_lost;
mod unbounded_streams;
mod upstream_loss_hidden;
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
    &auth_challenge_lost::CHECK,
    &auth_metadata_unreachable::CHECK,
    &authorization_lost::CHECK,
    &body_altered::CHECK,
    &body_limit_small::CHECK,
    &client_blocked::CHECK,
    &content_type_rewritten::CHECK,
    &cors_headers_hidden::CHECK,
    &dead_session_status::CHECK,
    &disconnect_cancels_legacy::CHECK,
    &disconnect_not_propagated::CHECK,
    &endpoint_unrouted::CHECK,
    &error_body_replaced::CHECK,
    &forwarded_spoofable::CHECK,
    &header_limit_small::CHECK,
    &health_missing::CHECK,
    &health_on_endpoint::CHECK,
    &host_rewritten::CHECK,
    &http2_stream_limit::CHECK,
    &idle_timeout_short::CHECK,
    &keepalive_race::CHECK,
    &last_event_id_lost::CHECK,
    &method_blocked::CHECK,
    &method_headers_lost::CHECK,
    &mirror_unchecked::CHECK,
    &origin_unchecked::CHECK,
    &param_headers_lost::CHECK,
    &passive_ejection::CHECK,
    &rate_limit_shape::CHECK,
    &redirect_drops_body::CHECK,
    &request_replayed::CHECK,
    &response_header_lost::CHECK,
    &response_timeout_short::CHECK,
    &session_header_lost::CHECK,
    &session_id_readable::CHECK,
    &session_open_to_others::CHECK,
    &session_resumed_elsewhere::CHECK,
    &session_scattered::CHECK,
    &slow_reader_starves_others::CHECK,
    &sse_altered::CHECK,
    &sse_buffered::CHECK,
    &sse_cached::CHECK,
    &sse_compressed::CHECK,
    &sse_endpoint_unrewritten::CHECK,
    &sse_head_withheld::CHECK,
    &sse_keepalive_missing::CHECK,
    &ssrf_redirect::CHECK,
    &task_scattered::CHECK,
    &tls_certificate::CHECK,
    &tls_old_version::CHECK,
    &trace_context_lost::CHECK,
    &unbounded_streams::CHECK,
    &upstream_loss_hidden::CHECK,
    &version_header_lost::CHECK,
];

#[cfg(test)]
mod tests;
