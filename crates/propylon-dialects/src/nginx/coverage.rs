//! What nginx does about each practice.

use crate::coverage::{Coverage, by_default, cannot, held, not_applicable, partly};

pub(super) const COVERAGE: &[Coverage] = &[
    by_default("accept-rewritten", "headers pass as they are"),
    partly(
        "affinity-unbounded",
        "the zone is bounded; what happens when it is full is nginx's own choice.",
        "Give the zone a size for the sessions you expect.",
    ),
    held("sse-buffered", "`proxy_buffering off`"),
    not_applicable("ssrf-redirect", "instances are written in the file"),
    cannot(
        "task-scattered",
        "a task's id is in the body of the answer that makes it, where nginx cannot learn it.",
        "Keep tasks in a store that the instances share, or put Propylon behind nginx.",
    ),
];
