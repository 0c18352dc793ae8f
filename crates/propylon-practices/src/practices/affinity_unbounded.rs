//! `affinity-unbounded`: session table has no bound.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "affinity-unbounded",
    title: "Session table has no bound",
    severity: Severity::Warning,
    era: EraScope::Legacy,
    group: Group::Sessions,
    holds: "The table that maps sessions to instances has a size limit and an expiry, and `DELETE` frees its entry.",
    seen: Seen::Inside(
        "Filling a stranger's table to see whether it bursts would be an attack; the linter reads the size and expiry from the configuration, and Propylon reports the table's size as a metric.",
    ),
    consequence: "After days of uptime the proxy runs out of memory, or throws out live sessions to make room for dead ones.",
    doc: include_str!("affinity_unbounded.md"),
};
