//! `disconnect-not-propagated`: client's disconnect never reaches the server.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "disconnect-not-propagated",
    title: "Client's disconnect never reaches the server",
    severity: Severity::Error,
    era: EraScope::Modern,
    group: Group::Streams,
    holds: "When the client closes the response stream, the server's side is closed promptly, also while the stream is quiet.",
    seen: Seen::Outside("Closes quiet and busy streams and asks the probe when it saw each close."),
    consequence: "Cancelled calls go on running and billing, and abandoned subscriptions pile up until the server has no streams left.",
    doc: include_str!("disconnect_not_propagated.md"),
};
