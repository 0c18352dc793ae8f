//! `method-blocked`: HTTP methods are blocked.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "method-blocked",
    title: "HTTP methods are blocked",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Limits,
    holds: "`POST`, `GET`, `DELETE` and `OPTIONS` reach the server.",
    seen: Seen::Outside("Sends each method and looks for answers the server did not give."),
    consequence: "Sessions are never ended, streams never open, or browser clients fail, because one method stops at the proxy.",
    doc: include_str!("method_blocked.md"),
};
