//! `session-id-readable`: session id shows the instance's address.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "session-id-readable",
    title: "Session id shows the instance's address",
    severity: Severity::Warning,
    era: EraScope::Legacy,
    group: Group::Sessions,
    holds: "The session id the client sees does not tell where the instance is.",
    seen: Seen::Outside(
        "Decodes the id the client gets, as Base64 and JSON too, and looks for addresses, ports and host names.",
    ),
    consequence: "Every client learns the addresses of the network behind the proxy, and may be able to choose its instance.",
    doc: include_str!("session_id_readable.md"),
};
