//! Which checks are made over each HTTP version that the endpoint offers: those of what a proxy does with heads, bodies
//! and streams, for which it has different code. Where a session lives, or what a certificate says, is the same over all.

use crate::checks::Check;

/// Their ids, sorted.
const OVER_EACH: &[&str] = &[
    "accept-rewritten",
    "authorization-lost",
    "body-altered",
    "body-limit-small",
    "content-type-rewritten",
    "cors-headers-hidden",
    "disconnect-cancels-legacy",
    "disconnect-not-propagated",
    "error-body-replaced",
    "forwarded-spoofable",
    "header-limit-small",
    "host-rewritten",
    "http2-stream-limit",
    "idle-timeout-short",
    "last-event-id-lost",
    "method-blocked",
    "method-headers-lost",
    "mirror-unchecked",
    "origin-unchecked",
    "param-headers-lost",
    "response-header-lost",
    "response-timeout-short",
    "session-header-lost",
    "slow-reader-starves-others",
    "sse-altered",
    "sse-buffered",
    "sse-compressed",
    "sse-head-withheld",
    "sse-keepalive-missing",
    "trace-context-lost",
    "unbounded-streams",
    "upstream-loss-hidden",
    "version-header-lost",
];

/// Whether the check is made over each HTTP version.
pub(crate) fn differs_by_http(check: &Check) -> bool {
    OVER_EACH.binary_search(&check.id).is_ok()
}

#[cfg(test)]
mod tests {
    use super::OVER_EACH;
    use crate::checks::CHECKS;

    #[test]
    fn every_id_is_a_check_and_they_are_sorted() {
        assert!(OVER_EACH.is_sorted());
        for id in OVER_EACH {
            assert!(CHECKS.iter().any(|check| check.id == *id), "{id}");
        }
    }
}
