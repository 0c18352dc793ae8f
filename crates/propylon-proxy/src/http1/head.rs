//! Request and response heads: read strictly, because what two parsers read differently is an attack.

use std::mem::MaybeUninit;
use std::ops::Range;

use propylon_config::Limits;

use super::field::Field;
use super::lines::Lines;

/// How much of a head is accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadLimits {
    pub(crate) bytes_max: usize,
    pub(crate) count_max: usize,
}

impl HeadLimits {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self {
            bytes_max: usize::try_from(limits.header_bytes).unwrap_or(usize::MAX),
            count_max: limits.header_count,
        }
    }
}

/// Why a head was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    /// More bytes or more lines than the limits allow.
    TooLarge,
    /// Not HTTP/1.1 as RFC 9112 has it; the text says what.
    Invalid(&'static str),
}

/// The version of HTTP that a message came in, whatever lines it is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http10,
    Http11,
    Http2,
}

impl Version {
    /// How logs call it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
            Self::Http2 => "2",
        }
    }
}

/// A request's head, with the bytes it came in.
///
/// `bytes` also holds what arrived behind the head: the beginning of the body.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) bytes: Vec<u8>,
    /// Where the head ends and the body begins.
    pub(crate) len: usize,
    pub(crate) lines: Lines,
    pub(crate) version: Version,
    /// A body follows, and its transport says where it ends.
    pub(crate) has_open_end: bool,
    method: Range<usize>,
    target: Range<usize>,
}

/// A response's head, as offsets into the bytes it was read from.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) len: usize,
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) lines: Lines,
    reason: Range<usize>,
}

/// More lines than this are refused whatever the configuration says: the parser's stack space.
pub(crate) const COUNT_CEILING: usize = 1024;

impl RequestHead {
    /// Reads a head from the start of `bytes`, and takes the bytes when it is whole.
    ///
    /// `Ok(None)` means that more bytes are needed.
    pub(crate) fn parse(
        bytes: &mut Vec<u8>,
        limits: HeadLimits,
    ) -> Result<Option<Self>, HeadError> {
        let mut slots = [const { MaybeUninit::uninit() }; COUNT_CEILING];
        let slots = slots
            .get_mut(..limits.count_max.min(COUNT_CEILING))
            .unwrap_or_default();
        let mut request = httparse::Request::new(&mut []);
        let parsed = request.parse_with_uninit_headers(bytes, slots);
        let httparse::Status::Complete(len) = parsed.map_err(refusal)? else {
            return incomplete(bytes, limits);
        };
        if len > limits.bytes_max {
            return Err(HeadError::TooLarge);
        }
        refuse_bare_line_feeds(bytes.get(..len).unwrap_or_default())?;
        let lines = Lines::locate(bytes.get(..len).unwrap_or_default(), request.headers);
        let method = range_in(bytes, request.method.unwrap_or_default());
        let target = range_in(bytes, request.path.unwrap_or_default());
        let version = version(request.version);
        Ok(Some(Self {
            bytes: std::mem::take(bytes),
            len,
            lines,
            version,
            has_open_end: false,
            method,
            target,
        }))
    }

    pub(crate) fn method(&self) -> &str {
        self.text(&self.method)
    }

    /// The request target as it was sent.
    pub(crate) fn target(&self) -> &str {
        self.text(&self.target)
    }

    /// The bytes of the head alone.
    pub(crate) fn head(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Whether the client wants another exchange on this connection (RFC 9112, 9.3).
    pub(crate) fn wants_keep_alive(&self) -> bool {
        let lists = |token| self.lines.lists(self.head(), Field::Connection, token);
        match self.version {
            Version::Http11 => !lists("close"),
            Version::Http10 => lists("keep-alive"),
            // A stream carries one exchange.
            Version::Http2 => false,
        }
    }

    /// Whether the client holds its body back until it is asked for it (RFC 9110, 10.1.1).
    pub(crate) fn expects_continue(&self) -> bool {
        self.version != Version::Http10
            && self.lines.lists(self.head(), Field::Expect, "100-continue")
    }

    fn text(&self, range: &Range<usize>) -> &str {
        self.bytes
            .get(range.clone())
            .and_then(|part| std::str::from_utf8(part).ok())
            .unwrap_or_default()
    }
}

impl ResponseHead {
    /// Reads a head from the start of `bytes`; `Ok(None)` means that more bytes are needed.
    pub(crate) fn parse(bytes: &[u8], limits: HeadLimits) -> Result<Option<Self>, HeadError> {
        let mut slots = [const { MaybeUninit::uninit() }; COUNT_CEILING];
        let slots = slots
            .get_mut(..limits.count_max.min(COUNT_CEILING))
            .unwrap_or_default();
        let mut response = httparse::Response::new(&mut []);
        let config = httparse::ParserConfig::default();
        let parsed = config.parse_response_with_uninit_headers(&mut response, bytes, slots);
        let httparse::Status::Complete(len) = parsed.map_err(refusal)? else {
            return incomplete(bytes, limits);
        };
        if len > limits.bytes_max {
            return Err(HeadError::TooLarge);
        }
        let head = bytes.get(..len).unwrap_or_default();
        refuse_bare_line_feeds(head)?;
        let status = response.code.unwrap_or_default();
        if status < 100 {
            return Err(HeadError::Invalid("a status below 100"));
        }
        Ok(Some(Self {
            len,
            status,
            version: version(response.version),
            lines: Lines::locate(head, response.headers),
            reason: range_in(bytes, response.reason.unwrap_or_default()),
        }))
    }

    /// The reason phrase as it was sent.
    pub(crate) fn reason<'h>(&self, head: &'h [u8]) -> &'h [u8] {
        head.get(self.reason.clone()).unwrap_or_default()
    }
}

fn incomplete<T>(bytes: &[u8], limits: HeadLimits) -> Result<Option<T>, HeadError> {
    if bytes.len() >= limits.bytes_max {
        Err(HeadError::TooLarge)
    } else {
        Ok(None)
    }
}

fn version(minor: Option<u8>) -> Version {
    if minor == Some(0) {
        Version::Http10
    } else {
        Version::Http11
    }
}

fn range_in(bytes: &[u8], part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
    if part.is_empty() {
        0..0
    } else {
        start..start + part.len()
    }
}

/// RFC 9112, 2.2 lets a recipient take a lone LF for a line end; a hop that does not would see
/// another request in the same bytes.
fn refuse_bare_line_feeds(head: &[u8]) -> Result<(), HeadError> {
    let bare = memchr::memchr_iter(b'\n', head)
        .any(|at| at == 0 || head.get(at - 1).is_none_or(|byte| *byte != b'\r'));
    if bare {
        Err(HeadError::Invalid("a line ends in LF without CR"))
    } else {
        Ok(())
    }
}

fn refusal(error: httparse::Error) -> HeadError {
    HeadError::Invalid(match error {
        httparse::Error::TooManyHeaders => return HeadError::TooLarge,
        httparse::Error::HeaderName => "a header name has a character it must not have",
        httparse::Error::HeaderValue => "a header value has a character it must not have",
        httparse::Error::NewLine => "a line end is not CR LF",
        httparse::Error::Status => "the status is not a number of three digits",
        httparse::Error::Token => "the request line is not a method, a target and a version",
        httparse::Error::Version => "the version is not HTTP/1.0 or HTTP/1.1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits {
        bytes_max: 1024,
        count_max: 8,
    };

    fn parse(text: &str) -> Result<Option<RequestHead>, HeadError> {
        RequestHead::parse(&mut text.as_bytes().to_vec(), LIMITS)
    }

    #[test]
    fn lines_are_kept_as_they_came() {
        let head = parse("POST /mcp HTTP/1.1\r\nhOSt:  a \r\nEmpty:\r\nX_y.z: 1\r\n\r\nbody")
            .unwrap()
            .unwrap();
        assert_eq!(
            (head.method(), head.target(), &head.bytes[head.len..]),
            ("POST", "/mcp", &b"body"[..])
        );
        let lines: Vec<_> = head
            .lines
            .iter()
            .map(|line| line.run_to(line, head.head()))
            .collect();
        assert_eq!(
            lines,
            [&b"hOSt:  a \r\n"[..], b"Empty:\r\n", b"X_y.z: 1\r\n"]
        );
        assert_eq!(head.lines.first(head.head(), Field::Host), Some(&b"a"[..]));
        let empty = head.lines.iter().nth(1).unwrap();
        assert_eq!(
            (empty.name(head.head()), empty.value(head.head())),
            (&b"Empty"[..], &b""[..])
        );
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_refused() {
        for (text, why) in [
            (
                "GET / HTTP/1.1\nHost: a\r\n\r\n",
                "bare LF after the request line",
            ),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", "bare LF after a header"),
            ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "folded line"),
            (
                "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
                "space before the colon",
            ),
            ("GET / HTTP/1.1\r\nA: \0\r\n\r\n", "NUL"),
            ("GET  / HTTP/1.1\r\n\r\n", "two spaces"),
            ("GET / HTTP/2.0\r\n\r\n", "version"),
        ] {
            assert!(
                matches!(parse(text), Err(HeadError::Invalid(_))),
                "{why}: {:?}",
                parse(text)
            );
        }
    }

    #[test]
    fn limits_hold_for_whole_and_unfinished_heads() {
        let long = format!("GET / HTTP/1.1\r\nA: {}\r\n", "x".repeat(2000));
        assert_eq!(parse(&long).unwrap_err(), HeadError::TooLarge);
        assert_eq!(
            parse(&format!("{long}\r\n")).unwrap_err(),
            HeadError::TooLarge
        );
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: 1\r\n".repeat(9));
        assert_eq!(parse(&many).unwrap_err(), HeadError::TooLarge);
        assert!(parse("GET / HTT").unwrap().is_none());
    }
}
