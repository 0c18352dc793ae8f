//! `sse-head-withheld`: stream's headers wait for the first event.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "sse-head-withheld",
    title: "Stream's headers wait for the first event",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "The response's status and headers leave before its first event.",
    seen: Seen::Outside(
        "Has the probe answer with headers, hold the first event back, and measures when the client saw the headers.",
    ),
    consequence: "Opening a notification stream hangs until something happens on the server, and clients time out.",
    doc: include_str!("sse_head_withheld.md"),
};
