//! `dead-session-status`: lost session is not answered 404.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "dead-session-status",
    title: "Lost session is not answered 404",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Sessions,
    holds: "A request of a session whose instance is gone gets 404, and a new `initialize` then succeeds on a live instance.",
    seen: Seen::Outside(
        "Opens sessions on every instance, stops one (the probe does it on request with its token), and reads the status that follows.",
    ),
    consequence: "After a deploy or a crash, clients stay broken until the user restarts them by hand.",
    doc: include_str!("dead_session_status.md"),
};
