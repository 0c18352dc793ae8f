//! `ssrf-redirect`: redirects of a backend are followed.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "ssrf-redirect",
    title: "Redirects of a backend are followed",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Backends,
    holds: "A 3xx answer of a backend is not followed by the proxy.",
    seen: Seen::Outside(
        "Has the probe answer with a redirect to another of its paths and reads whether something fetched it.",
    ),
    consequence: "A backend that passed every check sends the proxy to an internal address with one header.",
    doc: include_str!("ssrf_redirect.md"),
};
