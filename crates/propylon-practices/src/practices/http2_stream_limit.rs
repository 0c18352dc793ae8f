//! `http2-stream-limit`: too few concurrent streams.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "http2-stream-limit",
    title: "Too few concurrent streams",
    severity: Severity::Warning,
    era: EraScope::Both,
    group: Group::Streams,
    holds: "More than 100 concurrent streams of one client are all served.",
    seen: Seen::Outside(
        "Opens more than 100 streams over one HTTP/2 connection, and over several HTTP/1.1 connections, and counts those that carry an event.",
    ),
    consequence: "A client with many tools or tabs open hangs: new calls wait for an old stream to end.",
    doc: include_str!("http2_stream_limit.md"),
};
