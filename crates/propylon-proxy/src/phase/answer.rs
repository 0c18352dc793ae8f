//! The head the client gets: the upstream's lines as they came, with what the hops ahead need.

use std::io::Write as _;
use std::time::Duration;

use propylon_mcp::media;

use super::forward::{Dropped, VIA, copy_lines, write_session};
use super::hsts;
use super::location::{self, Sides};
use super::metadata;
use super::origin::Shown;
use crate::backends::hides_from_client;
use crate::http1::chunked;
use crate::http1::field::Field;
use crate::http1::framing::Framing;
use crate::http1::head::{ResponseHead, Version};

/// How the client's own connection goes on after this answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientSide<'a> {
    pub(crate) version: Version,
    /// Whether the client wants, and we can offer, another request on this connection.
    pub(crate) keep_alive: bool,
    /// Where it leads, where that is not what the instance says.
    pub(crate) location: Option<&'a str>,
    /// The session id to show in place of the instance's own.
    pub(crate) session: Option<&'a [u8]>,
    /// How long its browser is to use nothing but https.
    pub(crate) hsts: Option<Duration>,
    /// What the cache had for the request.
    pub(crate) cache: Option<&'a str>,
    /// What its browser is told, where a page asked.
    pub(crate) shown: Option<&'a Shown>,
}

/// How a body is sent on, to either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As many bytes as announced, or none.
    Plain,
    Chunked,
    /// Until the connection, or the HTTP/2 stream, ends.
    UntilClose,
}

impl Encoding {
    /// How a body of this framing is sent on to a peer of that version.
    pub(crate) fn of(body: Framing, version: Version) -> Self {
        match (body, version) {
            (Framing::Empty | Framing::Sized(_), _) => Self::Plain,
            (Framing::Chunked | Framing::UntilClose, Version::Http11) => Self::Chunked,
            (Framing::Chunked | Framing::UntilClose, Version::Http10 | Version::Http2) => {
                Self::UntilClose
            }
        }
    }

    /// Codes a piece of the body behind what `out` already holds.
    pub(crate) fn encode(self, data: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Chunked => chunked::encode(data, out),
            Self::Plain | Self::UntilClose => out.extend_from_slice(data),
        }
    }

    /// Codes the end of the body.
    pub(crate) fn encode_end(self, trailers: &[u8], out: &mut Vec<u8>) {
        if self == Self::Chunked {
            chunked::encode_end(trailers, out);
        }
    }
}

/// Whether the answer is an event stream.
pub(crate) fn is_event_stream(head: &[u8], response: &ResponseHead) -> bool {
    response
        .lines
        .first(head, Field::ContentType)
        .is_some_and(media::is_event_stream)
}

/// Writes the answer's head.
pub(crate) fn write(
    head: &[u8],
    response: &ResponseHead,
    encoding: Encoding,
    client: ClientSide<'_>,
    sides: &Sides<'_>,
    request_id: &str,
    out: &mut Vec<u8>,
) {
    write_status(head, response, out);
    let dropped = Dropped::of(head, &response.lines);
    let redirect = match client.location {
        Some(shown) => Some(shown.to_owned()),
        None => redirect(head, response, sides),
    };
    let is_registered = sides.route.upstream.backend.is_some();
    copy_lines(head, &response.lines, out, |line| {
        let replaced = line.field == Field::Location && redirect.is_some()
            || line.field == Field::McpSessionId && client.session.is_some()
            || line.field == Field::StrictTransportSecurity && client.hsts.is_some()
            || line.field == Field::WwwAuthenticate && sides.route.rewrites_metadata
            || is_registered && hides_from_client(line.name(head))
            || client.shown.is_some_and(|shown| shown.replaces(line, head));
        !(replaced || dropped.covers(head, line))
    });
    if sides.route.rewrites_metadata {
        write_challenges(head, response, sides, out);
    }
    if let Some(shown) = client.shown {
        shown.write(out);
    }
    hsts::write(client.hsts, out);
    if let Some(cache) = client.cache {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "Propylon-Cache: {cache}\r\n");
    }
    if let Some(session) = client.session {
        write_session(session, out);
    }
    if let Some(redirect) = redirect {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "Location: {redirect}\r\n");
    }
    if is_event_stream(head, response) {
        write_stream_lines(response, out);
    }
    if !response.lines.has(Field::XRequestId) {
        let _ = write!(out, "X-Request-Id: {request_id}\r\n");
    }
    if encoding == Encoding::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    if client.version == Version::Http2 {
        // Its stream ends with the answer, and its connection goes on.
    } else if !client.keep_alive || encoding == Encoding::UntilClose {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if client.version == Version::Http10 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    let _ = write!(out, "Via: {VIA}\r\n\r\n");
}

/// Writes an interim response: its lines as they came, less what belongs to the upstream's connection.
pub(crate) fn write_interim(head: &[u8], response: &ResponseHead, out: &mut Vec<u8>) {
    write_status(head, response, out);
    let dropped = Dropped::of(head, &response.lines);
    copy_lines(head, &response.lines, out, |line| {
        line.field != Field::ContentLength && !dropped.covers(head, line)
    });
    out.extend_from_slice(b"\r\n");
}

fn write_status(head: &[u8], response: &ResponseHead, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "HTTP/1.1 {:03} ", response.status);
    out.extend_from_slice(response.reason(head));
    out.extend_from_slice(b"\r\n");
}

/// For the hops between us and the client: nginx holds a stream's events, and even its head, back
/// unless told not to, and a cache or an optimiser may store or rewrite it.
fn write_stream_lines(response: &ResponseHead, out: &mut Vec<u8>) {
    if !response.lines.has(Field::XAccelBuffering) {
        out.extend_from_slice(b"X-Accel-Buffering: no\r\n");
    }
    if !response.lines.has(Field::CacheControl) {
        out.extend_from_slice(b"Cache-Control: no-cache, no-transform\r\n");
    }
}

/// Writes the challenges with the outside's URLs.
fn write_challenges(head: &[u8], response: &ResponseHead, sides: &Sides<'_>, out: &mut Vec<u8>) {
    for value in response.lines.all(head, Field::WwwAuthenticate) {
        let text = std::str::from_utf8(value).ok();
        let shown = text.and_then(|text| metadata::challenge(text, sides));
        out.extend_from_slice(b"WWW-Authenticate: ");
        out.extend_from_slice(shown.as_ref().map_or(value, |shown| shown.as_bytes()));
        out.extend_from_slice(b"\r\n");
    }
}

fn redirect(head: &[u8], response: &ResponseHead, sides: &Sides<'_>) -> Option<String> {
    let value = response.lines.first(head, Field::Location)?;
    location::outside(std::str::from_utf8(value).ok()?, sides)
}
