//! What is refused before anything is dialled.

use crate::error::ProxyError;
use crate::http1::framing::Framing;
use crate::phase::classify::Facts;
use crate::reason::Reason;
use crate::streams::Streams;

/// The limits a request is held against.
pub(crate) struct Gate<'a> {
    pub(crate) limits: &'a propylon_config::Limits,
    pub(crate) streams: &'a Streams,
    pub(crate) client: std::net::IpAddr,
}

/// Lets a request through, or says why not.
pub(crate) fn admit(
    method: &str,
    body: Framing,
    facts: &Facts,
    gate: &Gate<'_>,
) -> Result<(), ProxyError> {
    if method == "CONNECT" {
        return Err(Reason::MethodUnsupported.into());
    }
    if matches!(body, Framing::Sized(length) if length > gate.limits.body_bytes) {
        return Err(Reason::BodyLimit.into());
    }
    // Refused now rather than when the stream begins: by then the call would have run.
    if facts.wants_stream && !gate.streams.has_room(gate.client, gate.limits) {
        return Err(Reason::StreamLimit.into());
    }
    Ok(())
}
