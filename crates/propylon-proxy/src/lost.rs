//! Answers that say a session is unknown: recognised as they come, and shown as the 404 that clients know.

use std::sync::atomic::Ordering;

use crate::client::connection::Transport;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::framing::{self, Framing};
use crate::http1::head::{COUNT_CEILING, HeadLimits, ResponseHead};
use crate::phase::bond::Bond;
use crate::phase::lost_session::is_unknown_session;
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::exchange::{Exchange, Received};
use crate::upstream::Upstream;

/// What says so is short; anything longer passes as it came.
const BYTES_MAX: usize = 16 * 1024;

/// Looks at the answer to a session's request where its status may say that the session is unknown. Then, whatever the
/// status was, it is 404 from here on (2025-11-25 transports, Session Management 3); every other byte stays.
pub(crate) async fn judge<S: Transport>(
    exchange: &mut Exchange<'_, S>,
    mut received: Received,
    upstream: &Upstream,
    bond: &Bond,
    record: &mut Record,
) -> Result<Received, ProxyError> {
    let is_told_by = upstream.config.lost_status.contains(&received.head.status);
    let is_suspect = is_told_by || received.head.status == 404 && bond.handshake.is_some();
    if !is_suspect
        || record.facts.session.is_none()
        || received.head.lines.has(Field::ContentEncoding)
    {
        return Ok(received);
    }
    let invalid = |what| ProxyError::found(Reason::UpstreamResponseInvalid, what);
    let head = received.bytes.get(..received.head.len).unwrap_or_default();
    let framing =
        framing::of_response(head, &received.head, record.is_to_head()).map_err(invalid)?;
    if matches!(framing, Framing::Empty | Framing::UntilClose) {
        return Ok(received);
    }
    let body = exchange.collect(&mut received, framing, BYTES_MAX).await?;
    if !body.is_some_and(|body| is_unknown_session(&body)) {
        return Ok(received);
    }
    bond.lose();
    if is_told_by {
        upstream.repairs.statuses.fetch_add(1, Ordering::Relaxed);
        record.repaired("status");
        return Ok(not_found(&received).unwrap_or(received));
    }
    Ok(received)
}

/// The same answer as a 404.
fn not_found(received: &Received) -> Option<Received> {
    // `HTTP/1.1 ` comes first, and the version says how the connection goes on.
    let version = received.bytes.get(..9)?;
    let line_end = memchr::memchr(b'\r', &received.bytes)?;
    let rest = received.bytes.get(line_end..)?;
    let bytes = [version, b"404 Not Found", rest].concat();
    let limits = HeadLimits {
        bytes_max: usize::MAX,
        count_max: COUNT_CEILING,
    };
    let head = ResponseHead::parse(&bytes, limits).ok().flatten()?;
    Some(Received { bytes, head })
}
