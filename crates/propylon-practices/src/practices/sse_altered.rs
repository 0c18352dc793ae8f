//! `sse-altered`: events are rewritten on the way.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "sse-altered",
    title: "Events are rewritten on the way",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "Event streams cross byte for byte: ids, `retry`, comments, empty events, unknown fields and line ends.",
    seen: Seen::Outside(
        "Has the probe send every form the SSE grammar allows and compares the bytes.",
    ),
    consequence: "Clients cannot resume because ids are gone, or see answers in another form than the server gave.",
    doc: include_str!("sse_altered.md"),
};
