//! `body-altered`: message bodies are rewritten.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "body-altered",
    title: "Message bodies are rewritten",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "Request and response bodies cross byte for byte.",
    seen: Seen::Outside(
        "Sends bodies with unusual number forms, key orders, escapes and unknown fields, and compares hashes of what was sent and what arrived, both ways.",
    ),
    consequence: "A large number comes back rounded, an unknown field vanishes, or a signature over the body no longer checks.",
    doc: include_str!("body_altered.md"),
};
