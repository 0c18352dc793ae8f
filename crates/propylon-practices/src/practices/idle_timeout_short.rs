//! `idle-timeout-short`: quiet streams are cut.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "idle-timeout-short",
    title: "Quiet streams are cut",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Time,
    holds: "A stream on which nothing is sent for the configured time survives, and the next event arrives.",
    seen: Seen::Outside(
        "Holds a GET stream and a `subscriptions/listen` stream quiet for the profile's time (75 s, full 330 s), then has the probe send one event.",
    ),
    consequence: "Notifications stop after a minute of quiet, often without an error anywhere.",
    doc: include_str!("idle_timeout_short.md"),
};
