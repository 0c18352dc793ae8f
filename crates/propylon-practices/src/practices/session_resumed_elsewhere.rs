//! `session-resumed-elsewhere`: resumed stream goes to another instance.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "session-resumed-elsewhere",
    title: "Resumed stream goes to another instance",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Sessions,
    holds: "A GET with `Last-Event-ID` reaches the instance that holds the stream.",
    seen: Seen::Outside(
        "Opens streams on several instances, drops them, resumes each, and reads which instance answered; needs two or more instances.",
    ),
    consequence: "Reconnecting clients get an empty stream or 404, and the answer they waited for is lost.",
    doc: include_str!("session_resumed_elsewhere.md"),
};
