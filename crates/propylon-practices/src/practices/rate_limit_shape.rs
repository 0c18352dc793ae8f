//! `rate-limit-shape`: rate limit answers the wrong way.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "rate-limit-shape",
    title: "Rate limit answers the wrong way",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Limits,
    holds: "Over the limit the answer is 429 with `Retry-After`, and an open stream does not count as one endless request.",
    seen: Seen::Outside("Sends a burst until something refuses and judges the refusal."),
    consequence: "Clients hammer on, or give up for good, in place of waiting the few seconds the limit asks for.",
    doc: include_str!("rate_limit_shape.md"),
};
