//! `authorization-lost`: Authorization header does not arrive.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "authorization-lost",
    title: "Authorization header does not arrive",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Headers,
    holds: "`Authorization` reaches the server byte for byte, unless the operator says the proxy ends it.",
    seen: Seen::Outside(
        "Sends a canary bearer token of realistic length and reads back through the probe what arrived.",
    ),
    consequence: "Every call is 401 although the token is good, and logging in again does not help.",
    doc: include_str!("authorization_lost.md"),
};
