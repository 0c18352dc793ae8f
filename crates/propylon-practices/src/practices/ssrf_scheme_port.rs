//! `ssrf-scheme-port`: backends may name any scheme and port.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "ssrf-scheme-port",
    title: "Backends may name any scheme and port",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Backends,
    holds: "Only https (http by explicit leave) and allowed ports are accepted, without user information or fragments.",
    seen: Seen::Inside(
        "It is seen only where users register backends; Propylon's own tests run a corpus of URLs.",
    ),
    consequence: "The proxy becomes a port scanner, or a way to speak to mail and database servers.",
    doc: include_str!("ssrf_scheme_port.md"),
};
