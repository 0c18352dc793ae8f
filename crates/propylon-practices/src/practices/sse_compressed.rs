//! `sse-compressed`: event streams are compressed.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "sse-compressed",
    title: "Event streams are compressed",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "`text/event-stream` carries no content-coding, whatever `Accept-Encoding` asks for.",
    seen: Seen::Outside(
        "Asks for a stream with the `Accept-Encoding` of each known client and reads header and bytes.",
    ),
    consequence: "Events are held until the compressor has enough, and some clients cannot read the stream at all.",
    doc: include_str!("sse_compressed.md"),
};
