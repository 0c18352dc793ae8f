//! `param-headers-lost`: Mcp-Param headers are dropped.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "param-headers-lost",
    title: "Mcp-Param headers are dropped",
    severity: Severity::Error,
    era: EraScope::Modern,
    group: Group::Headers,
    holds: "Every `Mcp-Param-*` header, known or not, reaches the server unchanged.",
    seen: Seen::Outside(
        "Sends names with underscores, dots and digits, long values and Base64 values, and reads back through the probe what arrived.",
    ),
    consequence: "Some tools fail with error -32020 and others work, by the spelling of their parameters.",
    doc: include_str!("param_headers_lost.md"),
};
