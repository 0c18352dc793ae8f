//! `auth-metadata-unreachable`: OAuth metadata cannot be fetched.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "auth-metadata-unreachable",
    title: "OAuth metadata cannot be fetched",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Browsers,
    holds: "`/.well-known/oauth-protected-resource`, with the endpoint's path after it, answers without credentials and names the outside scheme, host and path.",
    seen: Seen::Outside(
        "Fetches both well-known addresses without credentials and compares `resource` with the URL under test.",
    ),
    consequence: "The user presses \"connect\" and the login never opens, or the client refuses the token it got.",
    doc: include_str!("auth_metadata_unreachable.md"),
};
