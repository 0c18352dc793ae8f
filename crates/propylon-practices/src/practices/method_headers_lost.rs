//! `method-headers-lost`: Mcp-Method or Mcp-Name does not arrive.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "method-headers-lost",
    title: "Mcp-Method or Mcp-Name does not arrive",
    severity: Severity::Error,
    era: EraScope::Modern,
    group: Group::Headers,
    holds: "`Mcp-Method` and `Mcp-Name` reach the server unchanged, Base64 values included.",
    seen: Seen::Outside(
        "Sends plain, long and Base64 values and reads back through the probe what arrived.",
    ),
    consequence: "Every call of a 2026-07-28 client fails with 400 and error -32020.",
    doc: include_str!("method_headers_lost.md"),
};
