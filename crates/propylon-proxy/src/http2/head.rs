//! Heads between HTTP/2's fields and HTTP/1.1's lines, which every phase reads (RFC 9113, 8.2 and 8.3).

use std::io::Write as _;

use http::header::{self, CONTENT_LENGTH, COOKIE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::http1::field::Field;
use crate::http1::framing::{self, Framing};
use crate::http1::head::{HeadError, HeadLimits, RequestHead, ResponseHead, Version};
use crate::http1::lines::{Line, Lines};

/// Reads a request of a client. `is_ended` where no body follows.
pub(crate) fn request_of_client(
    parts: &Parts,
    is_ended: bool,
    limits: HeadLimits,
) -> Result<RequestHead, HeadError> {
    let mut bytes = Vec::with_capacity(512);
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let path = parts.uri.path_and_query().map(|path| path.as_str());
    let target = path.or(authority).unwrap_or("/");
    // Writing to a Vec cannot fail.
    let _ = write!(bytes, "{} {target} HTTP/1.1\r\n", parts.method);
    if let Some(authority) = authority {
        let _ = write!(bytes, "Host: {authority}\r\n");
    }
    for (name, value) in &parts.headers {
        match (name, authority) {
            (&HOST, Some(authority)) => refuse_another(value, authority)?,
            (&COOKIE, _) => {}
            _ => write_line(name, value.as_bytes(), &mut bytes),
        }
    }
    write_cookies(&parts.headers, &mut bytes);
    bytes.extend_from_slice(b"\r\n");
    let head = RequestHead::parse(&mut bytes, limits)?;
    let mut head = head.ok_or(HeadError::Invalid("fields that make no head"))?;
    head.version = Version::Http2;
    head.has_open_end = !(is_ended || parts.headers.contains_key(CONTENT_LENGTH));
    Ok(head)
}

/// Servers route by either of them: one that says something else than the other is refused (RFC 9113, 8.3.1).
fn refuse_another(host: &HeaderValue, authority: &str) -> Result<(), HeadError> {
    match host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()) {
        true => Ok(()),
        false => Err(HeadError::Invalid(
            "Host says something else than :authority",
        )),
    }
}

/// A cookie may come in pieces, which HTTP/1.1 does not know (RFC 9113, 8.2.3).
fn write_cookies(fields: &HeaderMap, out: &mut Vec<u8>) {
    let pieces: Vec<_> = fields
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if !pieces.is_empty() {
        write_line(&COOKIE, &pieces.join(&b"; "[..]), out);
    }
}

fn write_line(name: &HeaderName, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes a server's response as the lines it would have sent over HTTP/1.1. `is_ended` where no body follows.
pub(crate) fn response_of_server<T>(response: &Response<T>, is_ended: bool, out: &mut Vec<u8>) {
    let (status, fields) = (response.status(), response.headers());
    // Writing to a Vec cannot fail.
    let _ = write!(
        out,
        "HTTP/1.1 {} {}\r\n",
        status.as_str(),
        status.canonical_reason().unwrap_or_default()
    );
    for (name, value) in fields {
        write_line(name, value.as_bytes(), out);
    }
    let may_have_length = !(status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED);
    if is_ended && may_have_length && !fields.contains_key(CONTENT_LENGTH) {
        out.extend_from_slice(b"content-length: 0\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// The request that these lines are to a server, and what is told of its body.
pub(crate) fn request_to_server(
    head: &RequestHead,
    scheme: &str,
) -> Result<(Request<()>, Framing), &'static str> {
    let framing = framing::of_request(head)?;
    let host = head.lines.first(head.head(), Field::Host);
    let authority = host.ok_or("no Host")?;
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(head.target())
        .build()
        .map_err(|_| "a target that HTTP/2 cannot carry")?;
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(head.method().as_bytes())
        .map_err(|_| "a method that HTTP/2 cannot carry")?;
    *request.uri_mut() = uri;
    *request.version_mut() = http::Version::HTTP_2;
    *request.headers_mut() = fields(head.head(), &head.lines, |line| line.field != Field::Host)?;
    Ok((request, framing))
}

/// The response that these lines are to a client.
pub(crate) fn response_to_client(
    bytes: &[u8],
    head: &ResponseHead,
) -> Result<Response<()>, &'static str> {
    let mut response = Response::new(());
    *response.status_mut() =
        StatusCode::from_u16(head.status).map_err(|_| "a status that HTTP/2 cannot carry")?;
    *response.version_mut() = http::Version::HTTP_2;
    *response.headers_mut() = fields(bytes, &head.lines, |_| true)?;
    Ok(response)
}

/// The trailer fields that these lines are, if there are any.
pub(crate) fn trailer_fields(lines: &[u8]) -> Option<HeaderMap> {
    if lines.is_empty() {
        return None;
    }
    let mut whole = lines.to_vec();
    whole.extend_from_slice(b"\r\n");
    let mut slots = [httparse::EMPTY_HEADER; 64];
    let Ok(httparse::Status::Complete((_, headers))) = httparse::parse_headers(&whole, &mut slots)
    else {
        return None;
    };
    let lines = Lines::locate(&whole, headers);
    fields(&whole, &lines, |line| line.field.may_trail()).ok()
}

/// The lines that trailer fields are, less those that must not trail.
pub(crate) fn trailer_lines(fields: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in fields {
        if Field::of(name.as_str().as_bytes()).may_trail() {
            write_line(name, value.as_bytes(), &mut lines);
        }
    }
    lines
}

/// Whether a field is never put into the table that a connection's heads are compressed with: a secret, which others on the
/// connection could guess by what their own heads then come to (RFC 7541, 7.1), or a value that does not come again. What is
/// not known to be neither may be either, such as a key in a header of somebody's own.
fn is_literal(name: &HeaderName, field: Field) -> bool {
    match field {
        Field::McpSessionId | Field::LastEventId => true,
        Field::XRequestId | Field::Traceparent | Field::Tracestate => true,
        Field::ClientClaim | Field::Other => !matches!(
            *name,
            header::ACCEPT_LANGUAGE
                | header::DATE
                | header::SERVER
                | header::USER_AGENT
                | header::VARY
        ),
        _ => false,
    }
}

/// Fields without what belongs to an HTTP/1.1 connection (RFC 9113, 8.2.2).
fn fields(
    head: &[u8],
    lines: &Lines,
    keep: impl Fn(Line) -> bool,
) -> Result<HeaderMap, &'static str> {
    let mut fields = HeaderMap::new();
    for line in lines
        .iter()
        .filter(|line| !line.field.is_hop_by_hop() && keep(*line))
    {
        let name = HeaderName::from_bytes(line.name(head));
        let value = HeaderValue::from_bytes(line.value(head));
        let (name, mut value) = name
            .ok()
            .zip(value.ok())
            .ok_or("a field that HTTP/2 cannot carry")?;
        value.set_sensitive(is_literal(&name, line.field));
        let taken = fields.try_append(name, value);
        taken.map_err(|_| "more fields than HTTP/2 can carry")?;
    }
    Ok(fields)
}

#[cfg(test)]
mod tests;
