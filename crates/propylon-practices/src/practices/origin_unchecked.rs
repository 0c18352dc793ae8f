//! `origin-unchecked`: foreign origins are let in.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "origin-unchecked",
    title: "Foreign origins are let in",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Browsers,
    holds: "A request with a foreign `Origin` is answered 403.",
    seen: Seen::Outside("Sends a forged `Origin`, `null`, and near misses of the real one."),
    consequence: "Any web page a user visits can talk to the server as that user.",
    doc: include_str!("origin_unchecked.md"),
};
