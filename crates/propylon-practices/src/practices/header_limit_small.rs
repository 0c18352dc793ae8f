//! `header-limit-small`: header size limit is too small.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "header-limit-small",
    title: "Header size limit is too small",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Limits,
    holds: "A request with 16 KiB of headers passes.",
    seen: Seen::Outside(
        "Sends requests with growing header blocks, as one long header and as many, and reports the largest that passed.",
    ),
    consequence: "Users with long tokens (many groups, many scopes) get 400 or 431 while everyone else is fine.",
    doc: include_str!("header_limit_small.md"),
};
