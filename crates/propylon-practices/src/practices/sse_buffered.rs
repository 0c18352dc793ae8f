//! `sse-buffered`: events arrive late, in batches.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "sse-buffered",
    title: "Events arrive late, in batches",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "Each event leaves the proxy when it arrives, with or without `X-Accel-Buffering: no`.",
    seen: Seen::Outside(
        "Compares the probe's clock at each event's emission with the client's at its arrival, for single events and bursts, against a baseline of the same run.",
    ),
    consequence: "Progress stands still and then jumps to the end; short streams arrive only when they are over.",
    doc: include_str!("sse_buffered.md"),
};
