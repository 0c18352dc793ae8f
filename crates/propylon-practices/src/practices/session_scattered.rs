//! `session-scattered`: session's requests reach different instances.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "session-scattered",
    title: "Session's requests reach different instances",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Sessions,
    holds: "Every request of a session (POST, GET, DELETE) reaches the instance that made it, also for clients without cookies.",
    seen: Seen::Outside(
        "Opens 60 or more sessions without keeping cookies, sends several requests in each, and reads which instance answered; needs two or more instances.",
    ),
    consequence: "With three replicas two calls in three fail with 404 or 400, and with one replica everything works.",
    doc: include_str!("session_scattered.md"),
};
