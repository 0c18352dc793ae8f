//! `sse-keepalive-missing`: quiet streams carry no keep-alive.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "sse-keepalive-missing",
    title: "Quiet streams carry no keep-alive",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "A quiet stream carries a comment often enough that no hop cuts it, and comments never split an event.",
    seen: Seen::Outside(
        "Reads a quiet stream byte by byte, measures the longest silence, and checks that comments fall between events.",
    ),
    consequence: "Notification streams die behind networks you do not control: mobile carriers, office firewalls, home routers.",
    doc: include_str!("sse_keepalive_missing.md"),
};
