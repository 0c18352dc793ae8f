//! A request head as it came: exact lines in their order, and what they mean for framing.

use serde_json::{Value, json};

/// Header fields of one request, at most.
const FIELDS_MAX: usize = 512;

/// One header field, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
}

/// The version of HTTP in which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http10,
    Http11,
    Http2,
}

impl Version {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
            Self::Http2 => "2",
        }
    }
}

/// How the body that follows a head is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// A request head.
#[derive(Clone, Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: Version,
    pub(crate) fields: Vec<Field>,
    /// The header lines, exact, without their line ends.
    pub(crate) lines: Vec<Vec<u8>>,
    pub(crate) framing: Framing,
}

/// Why a head cannot be used: the status that says so, and the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadHead {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
}

/// Reads a head from the start of `bytes`: `None` while it is incomplete, else the head and its length.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, BadHead> {
    let mut slots = vec![httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut slots);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(BadHead {
                status: 431,
                reason: "too many header fields",
            });
        }
        Err(_) => {
            return Err(BadHead {
                status: 400,
                reason: "not an HTTP/1.1 request",
            });
        }
    };
    let fields: Vec<Field> = request
        .headers
        .iter()
        .map(|header| Field {
            name: header.name.to_owned(),
            value: header.value.to_vec(),
        })
        .collect();
    let framing = framing(&fields)?;
    let head = RequestHead {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        version: match request.version {
            Some(0) => Version::Http10,
            _ => Version::Http11,
        },
        fields,
        lines: lines(bytes.get(..length).unwrap_or_default()),
        framing,
    };
    Ok(Some((head, length)))
}

fn lines(head: &[u8]) -> Vec<Vec<u8>> {
    head.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .skip_while(|line| line.is_empty())
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// Both framings at once, or two lengths, are how requests are smuggled (RFC 9112, 6.3), so neither is guessed at.
fn framing(fields: &[Field]) -> Result<Framing, BadHead> {
    let of = |name: &str| {
        fields
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name))
            .collect::<Vec<_>>()
    };
    match (
        of("transfer-encoding").as_slice(),
        of("content-length").as_slice(),
    ) {
        ([], []) => Ok(Framing::None),
        ([], [length]) => std::str::from_utf8(&length.value)
            .ok()
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(Framing::Length)
            .ok_or(BadHead {
                status: 400,
                reason: "Content-Length is not a number",
            }),
        ([coding], []) if coding.value.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        _ => Err(BadHead {
            status: 400,
            reason: "the body's framing is ambiguous",
        }),
    }
}

/// Bytes as text: each byte becomes the character of its number, so nothing is lost.
pub(crate) fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

impl RequestHead {
    /// The values of every field of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_slice())
    }

    /// The first value of that name, as text.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.all(name).next().map(latin)
    }

    /// The target's path, without its query; absolute-form targets lose their scheme and authority.
    pub(crate) fn path(&self) -> &str {
        let target = self.target.split(['?', '#']).next().unwrap_or_default();
        match target.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
            None => target,
        }
    }

    /// A parameter of the query, not decoded.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Whether the client wants this connection ended after the answer.
    pub(crate) fn closes(&self) -> bool {
        let asked = |token: &[u8]| {
            self.all("connection").any(|value| {
                value
                    .split(|byte| *byte == b',')
                    .any(|part| part.trim_ascii().eq_ignore_ascii_case(token))
            })
        };
        asked(b"close") || (self.version == Version::Http10 && !asked(b"keep-alive"))
    }

    /// Everything exact that `echo_request` reports of a head.
    pub(crate) fn json(&self) -> Value {
        json!({
            "method": self.method,
            "target": self.target,
            "version": self.version.as_str(),
            "lines": self.lines.iter().map(|line| latin(line)).collect::<Vec<_>>(),
            "headers": self.fields.iter().map(|field| json!([field.name, latin(&field.value)])).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Framing, parse};

    #[test]
    fn a_head_keeps_order_case_and_bytes() {
        let bytes = b"POST /x/mcp?a=1&b=2 HTTP/1.1\r\nhost: a\r\nX-Odd:  two  \r\nX-ODD: \xff\r\nContent-Length: 3\r\n\r\nabc";
        let (head, length) = parse(bytes).unwrap().unwrap();
        assert_eq!(&bytes[length..], b"abc");
        assert_eq!(head.path(), "/x/mcp");
        assert_eq!(head.query("b"), Some("2"));
        assert_eq!(head.framing, Framing::Length(3));
        let json = head.json();
        assert_eq!(
            json["lines"],
            serde_json::json!([
                "host: a",
                "X-Odd:  two  ",
                "X-ODD: \u{ff}",
                "Content-Length: 3"
            ])
        );
        assert_eq!(json["headers"][1], serde_json::json!(["X-Odd", "two"]));
        assert!(!head.closes());
    }

    #[test]
    fn a_partial_head_waits() {
        assert!(parse(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap().is_none());
    }

    #[test]
    fn ambiguous_framing_is_refused() {
        for fields in [
            "Content-Length: 3\r\nContent-Length: 4\r\n",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: \r\n",
        ] {
            let bytes = format!("POST / HTTP/1.1\r\n{fields}\r\n");
            assert_eq!(parse(bytes.as_bytes()).unwrap_err().status, 400, "{fields}");
        }
    }

    #[test]
    fn connection_tokens_are_read() {
        let closes = |bytes: &str| parse(bytes.as_bytes()).unwrap().unwrap().0.closes();
        assert!(closes("GET / HTTP/1.1\r\nConnection: foo, Close\r\n\r\n"));
        assert!(closes("GET / HTTP/1.0\r\n\r\n"));
        assert!(!closes("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        assert_eq!(
            parse(b"GET http://h:1/p?q HTTP/1.1\r\n\r\n")
                .unwrap()
                .unwrap()
                .0
                .path(),
            "/p"
        );
    }
}
