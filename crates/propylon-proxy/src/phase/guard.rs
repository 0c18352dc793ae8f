//! What is refused before anything is dialled.

use crate::error::ProxyError;
use crate::phase::classify::Facts;
use crate::pipeline::Context;
use crate::reason::Reason;
use crate::streams::Streams;
use crate::upstream::Upstream;

/// The limits a request is held against.
pub(crate) struct Gate<'a> {
    pub(crate) limits: &'a propylon_config::Limits,
    pub(crate) streams: &'a Streams,
    pub(crate) client: std::net::IpAddr,
    pub(crate) upstream: &'a Upstream,
}

impl<'a> Gate<'a> {
    pub(crate) fn of(context: &Context<'a>, upstream: &'a Upstream) -> Self {
        Self {
            limits: &context.tables.limits,
            streams: &context.worker.shared.streams,
            client: context.who.address,
            upstream,
        }
    }
}

/// Lets a request through, or says why not. `body_bytes` is what is known of its body's length.
pub(crate) fn admit(
    method: &str,
    body_bytes: u64,
    facts: &Facts,
    gate: &Gate<'_>,
) -> Result<(), ProxyError> {
    if method == "CONNECT" {
        return Err(Reason::MethodUnsupported.into());
    }
    if body_bytes > gate.limits.body_bytes {
        return Err(Reason::BodyLimit.into());
    }
    // A call is let through whatever its answer may be: a client that holds all its streams could
    // otherwise not even ask for one to be ended.
    if facts.wants_stream && !gate.streams.has_room(gate.client, gate.limits) {
        return Err(Reason::StreamLimit.into());
    }
    match &gate.upstream.backend {
        Some(backend) => Ok(backend.tenant.admit(facts.wants_stream)?),
        None => Ok(()),
    }
}
