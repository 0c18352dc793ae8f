//! `tls-old-version`: old TLS is spoken.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "tls-old-version",
    title: "Old TLS is spoken",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Tls,
    holds: "TLS 1.2 is the least that is accepted, and TLS 1.3 is offered.",
    seen: Seen::Outside("Attempts a handshake at each version."),
    consequence: "Traffic can be downgraded and read; strict clients refuse to connect.",
    doc: include_str!("tls_old_version.md"),
};
