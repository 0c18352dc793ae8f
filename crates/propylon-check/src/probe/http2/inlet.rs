//! A request out of an HTTP/2 stream: its head as the header block gave it, and its body whole.

use std::sync::Arc;
use std::sync::OnceLock;

use bytes::BytesMut;
use h2::RecvStream;
use tokio::time::timeout;

use super::Shared;
use crate::probe::budget::Held;
use crate::probe::clock::Stamp;
use crate::probe::head::{BadHead, Field, Framing, RequestHead, Version};
use crate::probe::request::Request;

/// Reads a request; `None` when the client goes away meanwhile.
pub(super) async fn read(
    shared: &Shared,
    request: http::Request<RecvStream>,
    (ordinal, idle_ns, received): (u64, u64, Stamp),
) -> Option<Result<Request, BadHead>> {
    let (parts, body) = request.into_parts();
    let head = head(&parts);
    match self::body(shared, body).await? {
        Ok((body, held)) => Some(Ok(Request {
            head,
            body: body.freeze(),
            connection: Arc::clone(&shared.connection),
            ordinal,
            idle_ns,
            received,
            sha256: OnceLock::new(),
            held,
        })),
        Err(bad) => Some(Err(bad)),
    }
}

/// The order of fields is that of the header block, but for repeated names, which stand together; that of the pseudo
/// fields is lost. `:authority` is a `host` field too, as whoever translates to HTTP/1.1 would write it.
fn head(parts: &http::request::Parts) -> RequestHead {
    let target = parts
        .uri
        .path_and_query()
        .map_or("*", http::uri::PathAndQuery::as_str)
        .to_owned();
    let authority = parts.uri.authority().map(ToString::to_string);
    let pseudo = [
        (":method", Some(parts.method.as_str())),
        (":scheme", parts.uri.scheme_str()),
        (":authority", authority.as_deref()),
        (":path", Some(target.as_str())),
    ];
    let mut lines: Vec<Vec<u8>> = pseudo
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}: {}", (*value)?).into_bytes()))
        .collect();
    let mut fields = Vec::new();
    if let (Some(authority), false) = (&authority, parts.headers.contains_key("host")) {
        fields.push(Field {
            name: "host".into(),
            value: authority.clone().into_bytes(),
        });
    }
    for (name, value) in &parts.headers {
        lines.push([name.as_str().as_bytes(), b": ", value.as_bytes()].concat());
        fields.push(Field {
            name: name.as_str().to_owned(),
            value: value.as_bytes().to_vec(),
        });
    }
    let length = parts
        .headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    RequestHead {
        method: parts.method.as_str().to_owned(),
        target,
        version: Version::Http2,
        fields,
        lines,
        framing: length.map_or(Framing::None, Framing::Length),
    }
}

async fn body(
    shared: &Shared,
    mut stream: RecvStream,
) -> Option<Result<(BytesMut, Held), BadHead>> {
    let refuse = |status, reason| Some(Err(BadHead { status, reason }));
    let fleet = &shared.place.fleet;
    let limits = &fleet.options.limits;
    let (mut body, mut held) = (BytesMut::new(), fleet.budget.open());
    loop {
        let piece = match timeout(limits.body_wait, stream.data()).await {
            Err(_) => return refuse(408, "the body did not arrive in time"),
            Ok(None) => return Some(Ok((body, held))),
            Ok(Some(Err(_))) => return None,
            Ok(Some(Ok(piece))) => piece,
        };
        if body.len().saturating_add(piece.len()) > limits.body_bytes_max {
            return refuse(413, "the body is over the limit of this probe");
        }
        body.extend_from_slice(&piece);
        if !held.grow_to(body.len()) {
            return refuse(503, "the probe holds as many bytes as it may");
        }
        let _ = stream.flow_control().release_capacity(piece.len());
    }
}
