//! Headers that mirror the body: held against it before anything leaves, or only watched.

use std::sync::atomic::Ordering;

use propylon_config::Mirror as Mode;
use propylon_mcp::headers::PARAM_PREFIX;
use propylon_mcp::mirror::{self, Lines, Mirror, Mismatch};
use propylon_mcp::{Era, Peek, Shape};

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
    let judged = mirror::verify(headers, peek).and_then(|()| judge_params(request, peek, upstream));
    let Err(mismatch) = judged else { return Ok(()) };
    upstream.mirrored.mismatches.fetch_add(1, Ordering::Relaxed);
    facts.mismatch = Some(mismatch);
    match upstream.config.mirror {
        Mode::Observe => Ok(()),
        Mode::Enforce => Err(ProxyError::found(Reason::HeaderMismatch, mismatch.words())),
    }
}

/// Judges what the tool is known to want mirrored. Headers of other names are nobody's here, and go on as they came.
fn judge_params(
    request: &RequestHead,
    peek: &Peek<'_>,
    upstream: &Upstream,
) -> Result<(), Mismatch> {
    if peek.method.as_deref() != Some("tools/call") {
        return Ok(());
    }
    let tool = peek.params.name.as_deref();
    let Some(annotations) = tool.and_then(|tool| upstream.mirrored.of(tool)) else {
        return Ok(());
    };
    let is_whole = peek.shape != Shape::Truncated;
    let arguments = peek.params.arguments.or(is_whole.then_some("{}"));
    let head = request.head();
    mirror::verify_params(&annotations, arguments, |header| {
        Lines::of(request.lines.named(head, (PARAM_PREFIX, header)))
    })
}
