//! `content-type-rewritten`: Content-Type is rewritten.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "content-type-rewritten",
    title: "Content-Type is rewritten",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "`Content-Type` crosses unchanged both ways, parameters included.",
    seen: Seen::Outside(
        "Sends `application/json` with and without a charset, asks for JSON and for an event stream, and compares both ends.",
    ),
    consequence: "The client refuses the answer as an unexpected content type, or reads an event stream as one JSON document.",
    doc: include_str!("content_type_rewritten.md"),
};
