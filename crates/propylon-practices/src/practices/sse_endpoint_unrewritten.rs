//! `sse-endpoint-unrewritten`: old transport's message URL is wrong.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "sse-endpoint-unrewritten",
    title: "Old transport's message URL is wrong",
    severity: Severity::Error,
    era: EraScope::Legacy,
    group: Group::Streams,
    holds: "The URL in the `endpoint` event of the 2024-11-05 transport works from outside, through the proxy's prefix and scheme.",
    seen: Seen::Outside(
        "Opens the old transport, reads the `endpoint` event and posts to what it says.",
    ),
    consequence: "Old clients connect, and their first message fails with 404.",
    doc: include_str!("sse_endpoint_unrewritten.md"),
};
