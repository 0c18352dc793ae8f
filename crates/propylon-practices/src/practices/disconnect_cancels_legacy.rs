//! `disconnect-cancels-legacy`: dropped legacy stream kills the call.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "disconnect-cancels-legacy",
    title: "Dropped legacy stream kills the call",
    severity: Severity::Warning,
    era: EraScope::Legacy,
    group: Group::Streams,
    holds: "Losing a stream of revision 2025-11-25 or earlier does not cancel the call behind it; where the server offers resumption, the client can resume.",
    seen: Seen::Outside(
        "Drops the stream of a running call, waits, and resumes it by `Last-Event-ID` through the probe.",
    ),
    consequence: "A moment of bad network throws away minutes of work that the server would have finished.",
    doc: include_str!("disconnect_cancels_legacy.md"),
};
