//! `unbounded-streams`: streams are not bounded.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "unbounded-streams",
    title: "Streams are not bounded",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Limits,
    holds: "Streams per client and in all have a limit, and what is over it is refused with 503 or 429 and a reason.",
    seen: Seen::Outside(
        "Opens quiet streams until one is refused, 256 at most, judges the refusal, and looks whether another client still gets through.",
    ),
    consequence: "One client with a reconnect bug takes every file descriptor, and the whole service goes with it.",
    doc: include_str!("unbounded_streams.md"),
};
