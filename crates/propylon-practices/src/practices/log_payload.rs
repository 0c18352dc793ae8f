//! `log-payload`: message contents are written to logs.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "log-payload",
    title: "Message contents are written to logs",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Logs,
    holds: "Of parameters only method and key names are logged, of results only type and length, of events nothing.",
    seen: Seen::Inside(
        "Logs cannot be read from outside; the linter reads the log format and looks for bodies, and Propylon's own tests search its output for canaries.",
    ),
    consequence: "Private documents and prompts end up in a log archive with other readers and another lifetime.",
    doc: include_str!("log_payload.md"),
};
