//! `endpoint-unrouted`: the endpoint's exact path is not routed.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "endpoint-unrouted",
    title: "The endpoint's exact path is not routed",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "The MCP path, with and without a trailing slash, reaches the server or is refused as not found; the proxy never answers it with a success of its own.",
    seen: Seen::Outside(
        "Sends `initialize` or `server/discover` to the path with and without the trailing slash and looks for an answer that is not the server's.",
    ),
    consequence: "The address the documentation gives does not work; with one more or one less slash it does.",
    doc: include_str!("endpoint_unrouted.md"),
};
