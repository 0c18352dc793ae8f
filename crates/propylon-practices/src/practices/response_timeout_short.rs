//! `response-timeout-short`: long tool calls are cut.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "response-timeout-short",
    title: "Long tool calls are cut",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Time,
    holds: "A tool call that is silent for the configured time is answered.",
    seen: Seen::Outside(
        "Calls a tool that says nothing for the profile's time (75 s, full 330 s) and then answers.",
    ),
    consequence: "Every tool that thinks for more than a minute fails with 504, and often runs to its end unseen.",
    doc: include_str!("response_timeout_short.md"),
};
