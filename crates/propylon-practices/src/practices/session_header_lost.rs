//! `session-header-lost`: Mcp-Session-Id does not cross.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "session-header-lost",
    title: "Mcp-Session-Id does not cross",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Headers,
    holds: "`Mcp-Session-Id` crosses unchanged in both directions.",
    seen: Seen::Outside(
        "Compares the id the probe minted with the one the client got, and the one the client sent with the one that arrived.",
    ),
    consequence: "Every call after `initialize` fails with 400 or 404, or starts a new session.",
    doc: include_str!("session_header_lost.md"),
};
