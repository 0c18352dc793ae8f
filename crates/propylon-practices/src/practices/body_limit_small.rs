//! `body-limit-small`: body size limit is too small.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "body-limit-small",
    title: "Body size limit is too small",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Limits,
    holds: "Requests of 10 MB and responses of 50 MB pass, and a request over the limit is answered 413 with a reason.",
    seen: Seen::Outside(
        "Sends growing request bodies and asks the probe for growing responses; reports the largest that passed.",
    ),
    consequence: "Tool calls with a file, an image or a long document in them fail with 413 or a cut answer, while small calls work.",
    doc: include_str!("body_limit_small.md"),
};
