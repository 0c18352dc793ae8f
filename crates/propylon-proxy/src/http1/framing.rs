//! Where a message's body ends (RFC 9112, 6), decided without leaving room for a second opinion.

use super::field::Field;
use super::head::{RequestHead, ResponseHead, Version};
use super::lines::Lines;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is no body.
    Empty,
    /// `Content-Length` bytes, at least one.
    Sized(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// Until the connection closes, which only a response may say, or an HTTP/2 stream ends.
    UntilClose,
}

/// What a request's lines say of its body.
///
/// # Errors
/// A text that says what is ambiguous: such a request is refused with 400, since the server behind
/// us might read it differently.
pub(crate) fn of_request(head: &RequestHead) -> Result<Framing, &'static str> {
    let bytes = head.head();
    if head.lines.has(Field::TransferEncoding) {
        if head.version == Version::Http10 {
            return Err("Transfer-Encoding in an HTTP/1.0 request");
        }
        if head.lines.has(Field::ContentLength) {
            return Err("both Transfer-Encoding and Content-Length");
        }
        return chunked_only(bytes, &head.lines).map(|()| Framing::Chunked);
    }
    let unsized_body = match head.has_open_end {
        true => Framing::UntilClose,
        false => Framing::Empty,
    };
    Ok(content_length(bytes, &head.lines)?.map_or(unsized_body, sized))
}

/// What a response's lines, its status and the request's method say of its body.
///
/// # Errors
/// A text that says what is ambiguous: such a response is not relayed.
pub(crate) fn of_response(
    bytes: &[u8],
    head: &ResponseHead,
    to_head: bool,
) -> Result<Framing, &'static str> {
    let coded = head.lines.has(Field::TransferEncoding);
    if coded && head.lines.has(Field::ContentLength) {
        return Err("both Transfer-Encoding and Content-Length");
    }
    if to_head || matches!(head.status, 100..=199 | 204 | 304) {
        return Ok(Framing::Empty);
    }
    if coded {
        return chunked_only(bytes, &head.lines).map(|()| Framing::Chunked);
    }
    Ok(content_length(bytes, &head.lines)?.map_or(Framing::UntilClose, sized))
}

/// Whether the lines announce a body that the status or the request's method says is not there: a
/// server that does not know better sends it all the same, in its own time.
pub(crate) fn is_contradicted(bytes: &[u8], head: &ResponseHead, framing: Framing) -> bool {
    let length = || head.lines.first(bytes, Field::ContentLength);
    let announced =
        || head.lines.has(Field::TransferEncoding) || length().is_some_and(|value| value != b"0");
    framing == Framing::Empty && head.status != 304 && announced()
}

fn sized(length: u64) -> Framing {
    if length == 0 {
        Framing::Empty
    } else {
        Framing::Sized(length)
    }
}

fn chunked_only(bytes: &[u8], lines: &Lines) -> Result<(), &'static str> {
    let mut values = lines.all(bytes, Field::TransferEncoding);
    let only = values
        .next()
        .is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
    if only && values.next().is_none() {
        Ok(())
    } else {
        Err("a Transfer-Encoding other than chunked")
    }
}

fn content_length(bytes: &[u8], lines: &Lines) -> Result<Option<u64>, &'static str> {
    let mut values = lines.all(bytes, Field::ContentLength);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err("more than one Content-Length");
    }
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let parsed = std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)
        .and_then(|text| text.parse().ok());
    parsed
        .map(Some)
        .ok_or("a Content-Length that is not one number")
}

#[cfg(test)]
mod tests {
    use super::super::head::HeadLimits;
    use super::*;

    const LIMITS: HeadLimits = HeadLimits {
        bytes_max: 4096,
        count_max: 32,
    };

    fn request(lines: &str) -> Result<Framing, &'static str> {
        let text = format!("POST / HTTP/1.1\r\n{lines}\r\n");
        of_request(
            &RequestHead::parse(&mut text.into_bytes(), LIMITS)
                .unwrap()
                .unwrap(),
        )
    }

    fn response(status: u16, lines: &str, to_head: bool) -> Result<Framing, &'static str> {
        let text = format!("HTTP/1.1 {status} X\r\n{lines}\r\n");
        let head = ResponseHead::parse(text.as_bytes(), LIMITS)
            .unwrap()
            .unwrap();
        of_response(text.as_bytes(), &head, to_head)
    }

    #[test]
    fn a_request_has_one_reading_or_none() {
        assert_eq!(request(""), Ok(Framing::Empty));
        assert_eq!(request("Content-Length: 5\r\n"), Ok(Framing::Sized(5)));
        assert_eq!(
            request("Transfer-Encoding: Chunked\r\n"),
            Ok(Framing::Chunked)
        );
        for lines in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
        ] {
            assert!(request(lines).is_err(), "{lines}");
        }
    }

    #[test]
    fn a_response_ends_where_its_status_and_method_say() {
        assert_eq!(
            response(200, "Content-Length: 5\r\n", false),
            Ok(Framing::Sized(5))
        );
        assert_eq!(
            response(200, "Content-Length: 5\r\n", true),
            Ok(Framing::Empty)
        );
        assert_eq!(response(204, "", false), Ok(Framing::Empty));
        assert_eq!(
            response(304, "Content-Length: 5\r\n", false),
            Ok(Framing::Empty)
        );
        assert_eq!(response(200, "", false), Ok(Framing::UntilClose));
        assert!(
            response(
                200,
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                false
            )
            .is_err()
        );
    }
}
