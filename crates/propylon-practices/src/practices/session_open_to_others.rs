//! `session-open-to-others`: session id works with other credentials.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "session-open-to-others",
    title: "Session id works with other credentials",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Sessions,
    holds: "Where the proxy authenticates, a session id used with other credentials than it was made with is refused.",
    seen: Seen::Outside(
        "Makes a session as one principal and uses its id as another; needs two sets of credentials.",
    ),
    consequence: "A leaked session id is enough to act as its owner.",
    doc: include_str!("session_open_to_others.md"),
};
