//! `idle-timeout-order`: idle timeouts are in the wrong order.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "idle-timeout-order",
    title: "Idle timeouts are in the wrong order",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Time,
    holds: "Each hop keeps an idle connection at least 60 s longer than the hop in front of it wants to read from it.",
    seen: Seen::Inside(
        "From outside only the shortest timeout of the chain can be seen; the linter compares the values of all files it is given.",
    ),
    consequence: "Occasional 502 and reset connections that no single log explains.",
    doc: include_str!("idle_timeout_order.md"),
};
