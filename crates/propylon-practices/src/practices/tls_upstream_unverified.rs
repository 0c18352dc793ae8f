//! `tls-upstream-unverified`: upstream certificate is not verified.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "tls-upstream-unverified",
    title: "Upstream certificate is not verified",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Tls,
    holds: "The upstream's certificate is verified against a known authority and its name, or pinned.",
    seen: Seen::Inside(
        "The hop behind the proxy cannot be seen from outside; the linter reads the verification settings, and Propylon's own tests offer wrong certificates.",
    ),
    consequence: "Whoever can answer for the upstream's address reads and changes all traffic, https or not.",
    doc: include_str!("tls_upstream_unverified.md"),
};
