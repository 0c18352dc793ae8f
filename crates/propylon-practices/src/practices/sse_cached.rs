//! `sse-cached`: streams are cached or shared.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "sse-cached",
    title: "Streams are cached or shared",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "An event stream is never stored, replayed or shared between clients.",
    seen: Seen::Outside(
        "Two clients send the same request and compare what they get; the marks of a cache are read from the headers.",
    ),
    consequence: "One user gets another user's events, or yesterday's.",
    doc: include_str!("sse_cached.md"),
};
