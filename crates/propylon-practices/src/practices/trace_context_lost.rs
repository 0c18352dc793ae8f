//! `trace-context-lost`: trace context is lost.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "trace-context-lost",
    title: "Trace context is lost",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "`traceparent`, `tracestate` and `baggage` arrive, perhaps with a new parent, and their copies in `_meta` are untouched.",
    seen: Seen::Outside(
        "Sends the headers and the `_meta` copies and reads back through the probe what arrived.",
    ),
    consequence: "Traces fall apart at the proxy, and nobody can say where a slow call spent its time.",
    doc: include_str!("trace_context_lost.md"),
};
