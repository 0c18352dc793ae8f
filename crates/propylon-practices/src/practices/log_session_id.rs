//! `log-session-id`: session ids are written to logs.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "log-session-id",
    title: "Session ids are written to logs",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Logs,
    holds: "Only a truncated SHA-256 of a session id is logged.",
    seen: Seen::Inside(
        "Logs cannot be read from outside; the linter reads the log format, and Propylon's own tests search its output for canaries.",
    ),
    consequence: "Whoever can read the logs can speak in another user's session for as long as it lives.",
    doc: include_str!("log_session_id.md"),
};
