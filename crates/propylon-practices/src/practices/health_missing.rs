//! `health-missing`: no health path.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "health-missing",
    title: "No health path",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Limits,
    holds: "A health path answers without credentials, cheaply, and makes no session.",
    seen: Seen::Outside(
        "Requests the health path and reads through the probe whether a session was made.",
    ),
    consequence: "The balancer keeps sending calls to an instance that cannot serve them, or takes a good one out.",
    doc: include_str!("health_missing.md"),
};
