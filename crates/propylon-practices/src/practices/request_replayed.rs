//! `request-replayed`: a request is executed twice.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "request-replayed",
    title: "A request is executed twice",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Sessions,
    holds: "No request is sent upstream a second time once any of its bytes may have arrived.",
    seen: Seen::Outside(
        "Has the probe cut connections before, during and after its answer, refuse and answer 5xx, and counts executions by request id.",
    ),
    consequence: "One tool call books two flights.",
    doc: include_str!("request_replayed.md"),
};
