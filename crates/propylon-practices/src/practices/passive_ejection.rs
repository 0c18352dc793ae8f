//! `passive-ejection`: failing calls take an instance out.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "passive-ejection",
    title: "Failing calls take an instance out",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Sessions,
    holds: "Errors that a tool call causes do not make the proxy take the instance, and every session on it, out of rotation.",
    seen: Seen::Outside(
        "Has the probe cut a handful of connections in mid-call and at once uses the other sessions of that instance.",
    ),
    consequence: "One user's crashing tool call ends everyone's sessions for ten seconds at a time.",
    doc: include_str!("passive_ejection.md"),
};
