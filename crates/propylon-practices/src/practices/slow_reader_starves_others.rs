//! `slow-reader-starves-others`: one slow reader holds up the rest.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "slow-reader-starves-others",
    title: "One slow reader holds up the rest",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "A client that stops reading neither grows memory without bound nor delays other clients.",
    seen: Seen::Outside(
        "Stalls one reader of a large stream and measures the delay of the others.",
    ),
    consequence: "One phone in a tunnel makes the service slow, or dead, for everyone.",
    doc: include_str!("slow_reader_starves_others.md"),
};
