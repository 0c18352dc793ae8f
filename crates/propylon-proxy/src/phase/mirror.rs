//! Headers that mirror the body: held against it before anything leaves, or only watched.

use std::sync::atomic::Ordering;

use propylon_config::Mirror as Mode;
use propylon_mcp::mirror::{self, Lines, Mirror};
use propylon_mcp::{Era, Peek};

use super::classify::Facts;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::reason::Reason;
use crate::upstream::Upstream;

/// Whether the request must wait until its body can be judged: what leaves before is served.
pub(crate) fn must_wait(request: &RequestHead, facts: &Facts, upstream: &Upstream) -> bool {
    facts.era == Some(Era::Modern)
        && request.method() == "POST"
        && upstream.config.mirror == Mode::Enforce
}

/// Judges a request by what is there of its body.
pub(crate) fn judge(
    request: &RequestHead,
    peek: &Peek<'_>,
    upstream: &Upstream,
    facts: &mut Facts,
) -> Result<(), ProxyError> {
    if request.method() != "POST" {
        return Ok(());
    }
    let lines = |field| Lines::of(request.lines.all(request.head(), field));
    let version = lines(Field::McpProtocolVersion);
    if !mirror::binds(version, peek) {
        return Ok(());
    }
    let headers = Mirror {
        version,
        method: lines(Field::McpMethod),
        name: lines(Field::McpName),
    };
    let judged = mirror::verify(headers, peek);
    let Err(mismatch) = judged else { return Ok(()) };
    upstream.mirrored.mismatches.fetch_add(1, Ordering::Relaxed);
    facts.mismatch = Some(mismatch);
    match upstream.config.mirror {
        Mode::Observe => Ok(()),
        Mode::Enforce => Err(ProxyError::found(Reason::HeaderMismatch, mismatch.words())),
    }
}
