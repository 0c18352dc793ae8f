//! `connect-timeout-long`: dead instance is waited for too long.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "connect-timeout-long",
    title: "Dead instance is waited for too long",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Time,
    holds: "An instance that does not answer a connection attempt is given up within seconds.",
    seen: Seen::Inside(
        "It takes an address that swallows packets inside the deployment's network; the linter reads the connect timeout, and Propylon's own tests dial such an address.",
    ),
    consequence: "When one host dies, one call in a few hangs for a minute or more before it fails.",
    doc: include_str!("connect_timeout_long.md"),
};
