//! `tls-upstream-plaintext`: upstream traffic leaves in clear text.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "tls-upstream-plaintext",
    title: "Upstream traffic leaves in clear text",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Tls,
    holds: "Plain http to an upstream stays on the machine or a private link that the operator named.",
    seen: Seen::Inside(
        "The hop behind the proxy cannot be seen from outside; the linter reads the upstream's URL, and Propylon warns when it starts.",
    ),
    consequence: "Tokens and documents cross the network readable by whoever shares it.",
    doc: include_str!("tls_upstream_plaintext.md"),
};
