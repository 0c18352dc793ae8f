//! What the run saw on the time axis, kept for the report's pictures.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::wire::HttpVersion;

/// What was measured on the time axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Event streams: when each event left the probe and when it arrived.
    pub streams: Vec<StreamLine>,
    /// Sessions: which instance made each, and which answered its requests.
    pub sessions: Vec<SessionLine>,
    /// Round trips of small calls, in microseconds, in the order they were made.
    pub latency_us: Vec<u64>,
}

/// One event stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamLine {
    /// What was asked for.
    pub label: String,
    /// The HTTP version over which it was asked for.
    pub http: HttpVersion,
    /// The instance that sent it.
    pub instance: String,
    /// When the head arrived, in milliseconds since the request was sent.
    pub head_ms: f64,
    /// Its events.
    pub events: Vec<EventPoint>,
}

/// One event, in milliseconds since the request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventPoint {
    /// When the probe wrote it.
    pub emitted_ms: f64,
    /// When it arrived.
    pub arrived_ms: f64,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionLine {
    /// The instance that made it.
    pub instance: String,
    /// Who answered each of its requests; `-` for an answer that names no instance.
    pub answered_by: Vec<String>,
}

/// A duration as milliseconds with their fraction.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
