//! `error-body-replaced`: error bodies are replaced.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "error-body-replaced",
    title: "Error bodies are replaced",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "Statuses and bodies of 4xx and 5xx answers pass unchanged.",
    seen: Seen::Outside(
        "Has the probe answer each status with a JSON-RPC body and compares what arrives.",
    ),
    consequence: "The user sees an HTML error page's title in place of the reason, and a modern client takes the server for an old one.",
    doc: include_str!("error_body_replaced.md"),
};
