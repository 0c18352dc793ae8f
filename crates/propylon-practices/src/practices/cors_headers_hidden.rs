//! `cors-headers-hidden`: browser clients cannot read the headers.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "cors-headers-hidden",
    title: "Browser clients cannot read the headers",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Browsers,
    holds: "A preflight passes without credentials, every MCP header is allowed, `Mcp-Session-Id` and `WWW-Authenticate` are exposed, and there is one `Access-Control-Allow-Origin`.",
    seen: Seen::Outside(
        "Sends the preflights a browser would send for each kind of request, then the requests, and judges the answers by the Fetch standard.",
    ),
    consequence: "Browser-based clients fail with a CORS error, or lose the session after the first request, while desktop clients work.",
    doc: include_str!("cors_headers_hidden.md"),
};
