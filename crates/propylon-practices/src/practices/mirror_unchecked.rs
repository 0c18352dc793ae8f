//! `mirror-unchecked`: mirrored headers are believed without a check.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "mirror-unchecked",
    title: "Mirrored headers are believed without a check",
    severity: Severity::Error,
    era: EraScope::Modern,
    group: Group::Headers,
    holds: "A component that acts on `Mcp-Method`, `Mcp-Name` or `Mcp-Param-*` refuses requests in which they are missing or disagree with the body.",
    seen: Seen::Outside(
        "Sends requests whose headers and body disagree, repeat or do not decode, and looks for one that reaches the server and is served.",
    ),
    consequence: "A caller names a harmless tool in the header and runs a forbidden one in the body.",
    doc: include_str!("mirror_unchecked.md"),
};
