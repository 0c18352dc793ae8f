//! `log-credentials`: credentials are written to logs.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "log-credentials",
    title: "Credentials are written to logs",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Logs,
    holds: "`Authorization`, cookies, API keys and tokens in queries never appear in a log, metric, trace or error page.",
    seen: Seen::Inside(
        "Logs cannot be read from outside; the linter reads the log format, and Propylon's own tests send canaries through every path and search all of its output.",
    ),
    consequence: "Whoever can read the logs can act as any user.",
    doc: include_str!("log_credentials.md"),
};
