//! `drain-cuts-streams`: reload cuts open streams.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "drain-cuts-streams",
    title: "Reload cuts open streams",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Time,
    holds: "On reload or shutdown new work goes to the new process, and open streams finish, or end cleanly, within the grace period.",
    seen: Seen::Inside(
        "A checker cannot reload someone else's proxy; the linter reads the grace settings, and Propylon's own tests reload under load.",
    ),
    consequence: "Every deploy of the proxy breaks the tool calls that are running at that moment.",
    doc: include_str!("drain_cuts_streams.md"),
};
