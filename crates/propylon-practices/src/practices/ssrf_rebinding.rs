//! `ssrf-rebinding`: name is checked once and dialled later.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "ssrf-rebinding",
    title: "Name is checked once and dialled later",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Backends,
    holds: "The address that was judged is the address that is dialled, at every connection, and a name that does not resolve is refused.",
    seen: Seen::Inside(
        "It takes a name server that changes its answer inside the deployment's resolver; Propylon's own tests run one.",
    ),
    consequence: "An attacker's name points outside while it is checked and inside when it is used.",
    doc: include_str!("ssrf_rebinding.md"),
};
