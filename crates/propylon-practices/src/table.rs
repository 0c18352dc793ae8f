//! Every practice, sorted by id, and the look-up.

use crate::practice::Practice;
use crate::practices as rows;

/// Every practice, sorted by id.
pub const PRACTICES: &[&Practice] = &[
    &rows::accept_rewritten::PRACTICE,
    &rows::affinity_unbounded::PRACTICE,
    &rows::auth_challenge_lost::PRACTICE,
    &rows::auth_metadata_unreachable::PRACTICE,
    &rows::authorization_lost::PRACTICE,
    &rows::body_altered::PRACTICE,
    &rows::body_limit_small::PRACTICE,
    &rows::client_blocked::PRACTICE,
    &rows::connect_timeout_long::PRACTICE,
    &rows::content_type_rewritten::PRACTICE,
    &rows::cors_headers_hidden::PRACTICE,
    &rows::dead_session_status::PRACTICE,
    &rows::disconnect_cancels_legacy::PRACTICE,
    &rows::disconnect_not_propagated::PRACTICE,
    &rows::drain_cuts_streams::PRACTICE,
    &rows::endpoint_unrouted::PRACTICE,
    &rows::error_body_replaced::PRACTICE,
    &rows::forwarded_spoofable::PRACTICE,
    &rows::header_limit_small::PRACTICE,
    &rows::health_missing::PRACTICE,
    &rows::health_on_endpoint::PRACTICE,
    &rows::host_rewritten::PRACTICE,
    &rows::http2_stream_limit::PRACTICE,
    &rows::idle_timeout_order::PRACTICE,
    &rows::idle_timeout_short::PRACTICE,
    &rows::keepalive_race::PRACTICE,
    &rows::last_event_id_lost::PRACTICE,
    &rows::log_credentials::PRACTICE,
    &rows::log_payload::PRACTICE,
    &rows::log_session_id::PRACTICE,
    &rows::method_blocked::PRACTICE,
    &rows::method_headers_lost::PRACTICE,
    &rows::mirror_unchecked::PRACTICE,
    &rows::origin_unchecked::PRACTICE,
    &rows::param_headers_lost::PRACTICE,
    &rows::passive_ejection::PRACTICE,
    &rows::rate_limit_shape::PRACTICE,
    &rows::redirect_drops_body::PRACTICE,
    &rows::reload_forgets_sessions::PRACTICE,
    &rows::request_replayed::PRACTICE,
    &rows::response_header_lost::PRACTICE,
    &rows::response_timeout_short::PRACTICE,
    &rows::session_header_lost::PRACTICE,
    &rows::session_id_readable::PRACTICE,
    &rows::session_open_to_others::PRACTICE,
    &rows::session_resumed_elsewhere::PRACTICE,
    &rows::session_scattered::PRACTICE,
    &rows::slow_reader_starves_others::PRACTICE,
    &rows::sse_altered::PRACTICE,
    &rows::sse_buffered::PRACTICE,
    &rows::sse_cached::PRACTICE,
    &rows::sse_compressed::PRACTICE,
    &rows::sse_endpoint_unrewritten::PRACTICE,
    &rows::sse_head_withheld::PRACTICE,
    &rows::sse_keepalive_missing::PRACTICE,
    &rows::ssrf_private_address::PRACTICE,
    &rows::ssrf_rebinding::PRACTICE,
    &rows::ssrf_redirect::PRACTICE,
    &rows::ssrf_scheme_port::PRACTICE,
    &rows::task_scattered::PRACTICE,
    &rows::tls_certificate::PRACTICE,
    &rows::tls_old_version::PRACTICE,
    &rows::tls_upstream_plaintext::PRACTICE,
    &rows::tls_upstream_unverified::PRACTICE,
    &rows::trace_context_lost::PRACTICE,
    &rows::unbounded_streams::PRACTICE,
    &rows::upstream_loss_hidden::PRACTICE,
    &rows::version_header_lost::PRACTICE,
];

/// The practice called `id`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Practice> {
    let at = PRACTICES
        .binary_search_by(|practice| practice.id.cmp(id))
        .ok()?;
    PRACTICES.get(at).copied()
}

#[cfg(test)]
mod tests;
