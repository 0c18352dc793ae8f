//! The little HTTP/1.1 the bench needs on one connection: heads, and sized or chunked bodies.

use std::io;
use std::str;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::link::Link;

const READ_SIZE: usize = 8 * 1024;
const HEAD_BYTES_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 64;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    /// Until the connection closes.
    Close,
}

/// A response head, reduced to what the bench checks.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) framing: Framing,
    pub(crate) session: Option<String>,
    pub(crate) content_type: String,
}

/// A request head, reduced to what the bench's upstream checks.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) framing: Framing,
    pub(crate) session: Option<String>,
    pub(crate) authorization: Vec<u8>,
    pub(crate) version: Vec<u8>,
    pub(crate) accept: String,
}

/// Where a body stands.
pub(crate) enum Body {
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailer,
    Close,
    Done,
}

impl From<Framing> for Body {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Self::Done,
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::ChunkSize,
            Framing::Close => Self::Close,
        }
    }
}

/// One connection and the bytes read ahead on it.
pub(crate) struct Connection {
    link: Link,
    buffer: Vec<u8>,
    start: usize,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::over(stream.into()))
    }

    pub(crate) fn over(link: Link) -> Self {
        Self {
            link,
            buffer: Vec::with_capacity(1024),
            start: 0,
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.link.write_all(bytes).await?;
        self.link.flush().await
    }

    /// Reads a response head; the other side closing first is an error.
    pub(crate) async fn read_response(&mut self) -> io::Result<ResponseHead> {
        loop {
            if let Some((used, head)) = parse_response(self.unread())? {
                self.start += used;
                return Ok(head);
            }
            if self.fill().await? == 0 {
                return Err(closed("before a response"));
            }
        }
    }

    /// Reads a request head, or `None` when the client has closed between requests.
    pub(crate) async fn read_request(&mut self) -> io::Result<Option<RequestHead>> {
        loop {
            if let Some((used, head)) = parse_request(self.unread())? {
                self.start += used;
                return Ok(Some(head));
            }
            if self.fill().await? == 0 {
                return if self.unread().is_empty() {
                    Ok(None)
                } else {
                    Err(closed("inside a request head"))
                };
            }
        }
    }

    /// Reads a whole body into `out`.
    pub(crate) async fn read_body(
        &mut self,
        framing: Framing,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut body = Body::from(framing);
        while self.read_data(&mut body, out).await? {}
        Ok(())
    }

    /// Appends the next bytes of a body to `out`; `false` is its end.
    pub(crate) async fn read_data(
        &mut self,
        body: &mut Body,
        out: &mut Vec<u8>,
    ) -> io::Result<bool> {
        let before = out.len();
        loop {
            while self.step(body, out)? {}
            if out.len() > before {
                return Ok(true);
            }
            if matches!(body, Body::Done) {
                return Ok(false);
            }
            if self.fill().await? == 0 {
                return if matches!(body, Body::Close) {
                    Ok(false)
                } else {
                    Err(closed("inside a body"))
                };
            }
        }
    }

    /// Waits until the other side closes; bytes it sends meanwhile are kept.
    pub(crate) async fn wait_closed(&mut self) -> io::Result<()> {
        while self.fill().await? > 0 {}
        Ok(())
    }

    /// Decodes one step of the body from what is already read; `false` when it needs more bytes or is done.
    fn step(&mut self, body: &mut Body, out: &mut Vec<u8>) -> io::Result<bool> {
        match *body {
            Body::Done => Ok(false),
            Body::Close => Ok(self.take(u64::MAX, out) > 0),
            Body::Length(left) => {
                let taken = self.take(left, out);
                *body = if taken == left {
                    Body::Done
                } else {
                    Body::Length(left - taken)
                };
                Ok(taken > 0)
            }
            Body::ChunkData(left) => {
                let taken = self.take(left, out);
                *body = if taken == left {
                    Body::ChunkEnd
                } else {
                    Body::ChunkData(left - taken)
                };
                Ok(taken > 0)
            }
            Body::ChunkSize => {
                let Some(line) = self.take_line()? else {
                    return Ok(false);
                };
                let digits = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(digits, 16).map_err(|_| invalid("a chunk size"))?;
                *body = if size == 0 {
                    Body::Trailer
                } else {
                    Body::ChunkData(size)
                };
                Ok(true)
            }
            Body::ChunkEnd => {
                let Some(line) = self.take_line()? else {
                    return Ok(false);
                };
                *body = Body::ChunkSize;
                if line.is_empty() {
                    Ok(true)
                } else {
                    Err(invalid("a chunk's end"))
                }
            }
            Body::Trailer => {
                let Some(line) = self.take_line()? else {
                    return Ok(false);
                };
                if line.is_empty() {
                    *body = Body::Done;
                }
                Ok(true)
            }
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn take(&mut self, most: u64, out: &mut Vec<u8>) -> u64 {
        let unread = self.unread();
        let count = unread
            .len()
            .min(usize::try_from(most).unwrap_or(usize::MAX));
        out.extend_from_slice(unread.get(..count).unwrap_or_default());
        self.start += count;
        count as u64
    }

    fn take_line(&mut self) -> io::Result<Option<String>> {
        let unread = self.unread();
        let Some(end) = memchr::memmem::find(unread, b"\r\n") else {
            return if unread.len() > HEAD_BYTES_MAX {
                Err(invalid("a line"))
            } else {
                Ok(None)
            };
        };
        let line = str::from_utf8(unread.get(..end).unwrap_or_default())
            .map_err(|_| invalid("a line"))?
            .to_owned();
        self.start += end + 2;
        Ok(Some(line))
    }

    async fn fill(&mut self) -> io::Result<usize> {
        if self.start == self.buffer.len() {
            self.buffer.clear();
        } else {
            self.buffer.drain(..self.start);
        }
        self.start = 0;
        if self.buffer.len() > HEAD_BYTES_MAX {
            return Err(invalid("a head (too long)"));
        }
        self.buffer.reserve(READ_SIZE);
        self.link.read_buf(&mut self.buffer).await
    }
}

fn parse_response(bytes: &[u8]) -> io::Result<Option<(usize, ResponseHead)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(used) = response
        .parse(bytes)
        .map_err(|error| invalid(&error.to_string()))?
    else {
        return Ok(None);
    };
    let head = ResponseHead {
        status: response.code.unwrap_or(0),
        framing: framing(response.headers, Framing::Close)?,
        session: text(response.headers, "mcp-session-id"),
        content_type: text(response.headers, "content-type").unwrap_or_default(),
    };
    Ok(Some((used, head)))
}

fn parse_request(bytes: &[u8]) -> io::Result<Option<(usize, RequestHead)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(used) = request
        .parse(bytes)
        .map_err(|error| invalid(&error.to_string()))?
    else {
        return Ok(None);
    };
    let head = RequestHead {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        framing: framing(request.headers, Framing::Length(0))?,
        session: text(request.headers, "mcp-session-id"),
        authorization: value(request.headers, "authorization")
            .unwrap_or_default()
            .to_vec(),
        version: value(request.headers, "mcp-protocol-version")
            .unwrap_or_default()
            .to_vec(),
        accept: text(request.headers, "accept").unwrap_or_default(),
    };
    Ok(Some((used, head)))
}

fn framing(headers: &[httparse::Header<'_>], otherwise: Framing) -> io::Result<Framing> {
    if let Some(coding) = text(headers, "transfer-encoding") {
        return if coding.eq_ignore_ascii_case("chunked") {
            Ok(Framing::Chunked)
        } else {
            Err(invalid(&coding))
        };
    }
    match text(headers, "content-length") {
        Some(length) => Ok(Framing::Length(
            length.parse().map_err(|_| invalid("a content-length"))?,
        )),
        None => Ok(otherwise),
    }
}

fn value<'a>(headers: &[httparse::Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

fn text(headers: &[httparse::Header<'_>], name: &str) -> Option<String> {
    value(headers, name)
        .and_then(|value| str::from_utf8(value).ok())
        .map(str::to_owned)
}

fn closed(place: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the connection was closed {place}"),
    )
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not HTTP/1.1 as expected: {what}"),
    )
}
