//! `host-rewritten`: Host header is rewritten.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "host-rewritten",
    title: "Host header is rewritten",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "The server sees a `Host` it accepts, and can learn the outside one.",
    seen: Seen::Outside(
        "Reads back through the probe which `Host`, `X-Forwarded-Host` and scheme arrived.",
    ),
    consequence: "Every request is 403 or 421 although the network is fine, because the SDK's rebinding guard does not know the name.",
    doc: include_str!("host_rewritten.md"),
};
