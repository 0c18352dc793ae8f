//! Metadata taken whole, and sent on with the outside's own URLs in it.

use crate::client::connection::Transport;
use crate::error::ProxyError;
use crate::http1::field::Field;
use crate::http1::framing::{self, Framing};
use crate::http1::head::{COUNT_CEILING, HeadLimits, ResponseHead};
use crate::phase::forward::copy_lines;
use crate::phase::metadata::{self, BYTES_MAX};
use crate::reason::Reason;
use crate::relay::exchange::{Exchange, Received};
use crate::response::{Asked, sides};

/// Takes the answer whole if it is metadata, and gives it back as the server would have sent it from outside. What cannot
/// be read as such passes as it came.
pub(crate) async fn rewrite<S: Transport>(
    exchange: &mut Exchange<'_, S>,
    mut received: Received,
    asked: &Asked<'_>,
) -> Result<Received, ProxyError> {
    let is_coded = received.head.lines.has(Field::ContentEncoding);
    if received.head.status != 200 || is_coded || asked.request.method() != "GET" {
        return Ok(received);
    }
    let invalid = |what| ProxyError::found(Reason::UpstreamResponseInvalid, what);
    let head = received.bytes.get(..received.head.len).unwrap_or_default();
    let framing = framing::of_response(head, &received.head, false).map_err(invalid)?;
    if framing == Framing::Empty {
        return Ok(received);
    }
    let Some(body) = exchange.collect(&mut received, framing, BYTES_MAX).await? else {
        return Ok(received);
    };
    if framing == Framing::UntilClose {
        // Its end has been seen, and there will not be another.
        let ended = with_body(&received, &body);
        return Ok(rewritten(&received, &body, asked)
            .or(ended)
            .unwrap_or(received));
    }
    Ok(rewritten(&received, &body, asked).unwrap_or(received))
}

fn rewritten(received: &Received, body: &[u8], asked: &Asked<'_>) -> Option<Received> {
    let json = std::str::from_utf8(body).ok()?;
    let document = metadata::document(json, &sides(asked))?;
    with_body(received, document.as_bytes())
}

/// The answer with another body.
fn with_body(received: &Received, body: &[u8]) -> Option<Received> {
    let head = received.bytes.get(..received.head.len)?;
    let line = memchr::memchr(b'\n', head)?;
    let mut bytes = head.get(..=line)?.to_vec();
    copy_lines(head, &received.head.lines, &mut bytes, |line| {
        let framed = matches!(line.field, Field::ContentLength | Field::TransferEncoding);
        // They are about the bytes that were.
        let digests = [&b"etag"[..], b"digest", b"content-digest", b"content-md5"];
        let told = digests
            .iter()
            .any(|name| name.eq_ignore_ascii_case(line.name(head)));
        !(framed || told)
    });
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    let limits = HeadLimits {
        bytes_max: usize::MAX,
        count_max: COUNT_CEILING,
    };
    let head = ResponseHead::parse(&bytes, limits).ok().flatten()?;
    bytes.extend_from_slice(body);
    Some(Received { bytes, head })
}
