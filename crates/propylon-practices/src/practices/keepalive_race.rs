//! `keepalive-race`: pooled connection is used as the server closes it.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "keepalive-race",
    title: "Pooled connection is used as the server closes it",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Time,
    holds: "The proxy drops idle upstream connections before the server does.",
    seen: Seen::Outside(
        "Sends a burst, pauses for 4.9 to 5.2 seconds, sends another, many times, and counts failures.",
    ),
    consequence: "One call in some hundreds fails with 502 or a reset, most of all after short pauses.",
    doc: include_str!("keepalive_race.md"),
};
