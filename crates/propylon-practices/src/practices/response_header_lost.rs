//! `response-header-lost`: response headers are stripped.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "response-header-lost",
    title: "Response headers are stripped",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "`WWW-Authenticate`, `Retry-After`, `Mcp-Session-Id` and `Cache-Control` survive to the client.",
    seen: Seen::Outside("Has the probe answer with each header and compares what arrives."),
    consequence: "Clients cannot log in, do not know how long to wait, or lose their session.",
    doc: include_str!("response_header_lost.md"),
};
