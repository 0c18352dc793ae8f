//! `version-header-lost`: MCP-Protocol-Version does not arrive.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "version-header-lost",
    title: "MCP-Protocol-Version does not arrive",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "`MCP-Protocol-Version` reaches the server unchanged.",
    seen: Seen::Outside("Sends the header and reads back through the probe what arrived."),
    consequence: "The server falls back to 2025-03-26 and drops newer features, or refuses every call of a modern client with 400.",
    doc: include_str!("version_header_lost.md"),
};
