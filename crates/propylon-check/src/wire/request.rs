//! A request as the lines and bytes it will be on the wire.

use super::endpoint::Endpoint;

/// How a request's body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    Sized,
    /// In chunks of 16 KiB.
    Chunked,
}

/// A request: every header line is here, and none is added but `Content-Length` or `Transfer-Encoding`.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) lines: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) sending: Sending,
}

/// What every request of the checker calls itself, but those that try other names.
pub(crate) const USER_AGENT: &str = concat!("propylon-check/", env!("CARGO_PKG_VERSION"));

impl Request {
    /// A request for the endpoint, with `Host` and `User-Agent`.
    pub(crate) fn new(method: &str, endpoint: &Endpoint) -> Self {
        let request = Self {
            method: method.to_owned(),
            target: endpoint.target.clone(),
            lines: Vec::new(),
            body: None,
            sending: Sending::Sized,
        };
        request
            .with("Host", endpoint.authority())
            .with("User-Agent", USER_AGENT)
    }

    /// Adds a line.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.lines.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Takes out every line of that name and adds one.
    pub(crate) fn setting(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).with(name, value)
    }

    /// Takes out every line of that name.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.lines
            .retain(|(each, _)| !each.eq_ignore_ascii_case(name));
        self
    }

    /// The first value of that name.
    pub(crate) fn line(&self, name: &str) -> Option<&[u8]> {
        let mut lines = self.lines.iter();
        lines
            .find(|(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// Gives it a body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends the body in chunks.
    pub(crate) fn chunked(mut self) -> Self {
        self.sending = Sending::Chunked;
        self
    }

    /// Asks for another path.
    pub(crate) fn to(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// The head's bytes.
    pub(crate) fn head_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.lines {
            push_line(&mut bytes, name, value);
        }
        match (&self.body, self.sending) {
            (None, _) => {}
            (Some(body), Sending::Sized) => {
                push_line(
                    &mut bytes,
                    "Content-Length",
                    body.len().to_string().as_bytes(),
                );
            }
            (Some(_), Sending::Chunked) => push_line(&mut bytes, "Transfer-Encoding", b"chunked"),
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// The whole request's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head_bytes();
        match (&self.body, self.sending) {
            (None, _) => {}
            (Some(body), Sending::Sized) => bytes.extend_from_slice(body),
            (Some(body), Sending::Chunked) => {
                for chunk in body.chunks(16 << 10) {
                    bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
        }
        bytes
    }
}

fn push_line(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::{Request, USER_AGENT};
    use crate::wire::Endpoint;

    #[test]
    fn the_wire_carries_what_was_asked_and_no_more() {
        let endpoint = Endpoint::parse("http://a:81/mcp?x").unwrap();
        let request = Request::new("POST", &endpoint)
            .with("X", "1")
            .setting("x", "2")
            .body("hi");
        let expected = format!(
            "POST /mcp?x HTTP/1.1\r\nHost: a:81\r\nUser-Agent: {USER_AGENT}\r\nx: 2\r\nContent-Length: 2\r\n\r\nhi"
        );
        assert_eq!(String::from_utf8(request.bytes()).unwrap(), expected);
        let chunked = request.chunked().to("/other").without("x").bytes();
        let text = String::from_utf8(chunked).unwrap();
        assert!(text.starts_with("POST /other HTTP/1.1\r\n"));
        assert!(text.ends_with("Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));
    }
}
