//! `auth-challenge-lost`: 401 arrives without its challenge.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "auth-challenge-lost",
    title: "401 arrives without its challenge",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Browsers,
    holds: "A 401 carries `WWW-Authenticate` with `resource_metadata`, and an upstream failure is never turned into a 401.",
    seen: Seen::Outside(
        "Asks without credentials and reads the challenge; has the probe answer 401, 403 and 5xx and compares what the client gets.",
    ),
    consequence: "The client cannot start the login, or throws away a good token because a backend was down.",
    doc: include_str!("auth_challenge_lost.md"),
};
