//! `forwarded-spoofable`: forwarded headers can be forged.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "forwarded-spoofable",
    title: "Forwarded headers can be forged",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "`X-Forwarded-*` and `Forwarded` name the real client, host and scheme; values from an untrusted client are not believed.",
    seen: Seen::Outside(
        "Sends forged values and reads back through the probe what the server would believe.",
    ),
    consequence: "Anyone can pass for another address, slip past an allow list or a rate limit, and put their own host into links the server makes.",
    doc: include_str!("forwarded_spoofable.md"),
};
