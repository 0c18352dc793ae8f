//! `client-blocked`: MCP clients are taken for bots.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "client-blocked",
    title: "MCP clients are taken for bots",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Browsers,
    holds: "No bot rule, challenge page or firewall rule answers the user agents of MCP SDKs or ordinary JSON-RPC bodies.",
    seen: Seen::Outside(
        "Sends known SDK user agents, none at all, and bodies that look like code or prompts, and looks for answers the server did not give.",
    ),
    consequence: "The server works from a browser and from curl, and fails from one client only, or only for some prompts.",
    doc: include_str!("client_blocked.md"),
};
