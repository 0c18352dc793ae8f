//! `last-event-id-lost`: Last-Event-ID does not arrive.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "last-event-id-lost",
    title: "Last-Event-ID does not arrive",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Headers,
    holds: "`Last-Event-ID` on a GET reaches the server unchanged.",
    seen: Seen::Outside(
        "Sends a GET with ids of several forms and reads back through the probe what arrived.",
    ),
    consequence: "After a reconnect the client has lost every event of the gap, the final answer among them.",
    doc: include_str!("last_event_id_lost.md"),
};
