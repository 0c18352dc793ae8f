//! `accept-rewritten`: Accept header is rewritten.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "accept-rewritten",
    title: "Accept header is rewritten",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "The server receives the client's `Accept` with both `application/json` and `text/event-stream` in it.",
    seen: Seen::Outside(
        "Sends the header a client must send and some unusual but valid forms of it, and reads back through the probe what arrived.",
    ),
    consequence: "Every request fails with 406, or a server that could stream answers in one piece at the end.",
    doc: include_str!("accept_rewritten.md"),
};
