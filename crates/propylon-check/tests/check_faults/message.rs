//! Heads and bodies as the faulty proxy reads and writes them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;

/// A request or response head: its first line, and its fields in order.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) first: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .fields
            .iter()
            .find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.fields
            .retain(|(each, _)| !each.eq_ignore_ascii_case(name));
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.fields.push((name.to_owned(), value.into()));
    }

    pub(crate) fn status(&self) -> u16 {
        self.first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0)
    }

    pub(crate) fn method(&self) -> &str {
        self.first.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn target(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn is_event_stream(&self) -> bool {
        self.get("content-type")
            .is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in &self.fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}

/// Bytes read from a peer, and not used yet.
pub(crate) struct Inlet<R> {
    pub(crate) pipe: R,
    pub(crate) unread: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Inlet<R> {
    pub(crate) fn new(pipe: R) -> Self {
        Self {
            pipe,
            unread: Vec::new(),
        }
    }

    /// Reads more; false at the end.
    pub(crate) async fn fill(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; 64 << 10];
        let count = self.pipe.read(&mut buffer).await?;
        self.unread.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    }

    /// The next head; `None` when the peer has nothing more to say.
    pub(crate) async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = self
                .unread
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                let text: String = self.unread.drain(..end + 4).map(char::from).collect();
                let mut lines = text.trim_end().split("\r\n");
                let first = lines.next().unwrap_or_default().to_owned();
                let fields = lines
                    .filter_map(|line| line.split_once(':'))
                    .map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
                return Ok(Some(Head {
                    first,
                    fields: fields.collect(),
                }));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|window| window == b"\r\n") {
                let line: String = self.unread.drain(..end + 2).map(char::from).collect();
                return Ok(Some(line.trim_end().to_owned()));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// Up to `most` bytes; empty at the end.
    async fn some(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if self.unread.is_empty() && !self.fill().await? {
            return Ok(Vec::new());
        }
        let most = most.min(self.unread.len());
        Ok(self.unread.drain(..most).collect())
    }
}

/// What is left of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Sized(usize),
    Chunks,
    /// Within a chunk.
    Chunk(usize),
    Nothing,
}

impl Left {
    pub(crate) fn of(head: &Head, is_response: bool) -> Self {
        if head.get("transfer-encoding").is_some() {
            return Self::Chunks;
        }
        if is_response && matches!(head.status(), 204 | 304) {
            return Self::Nothing;
        }
        match head
            .get("content-length")
            .and_then(|length| length.parse().ok())
        {
            Some(0) | None => Self::Nothing,
            Some(length) => Self::Sized(length),
        }
    }
}

/// The next piece of a body: `Ok(None)` at its proper end, an error when it was cut.
pub(crate) async fn piece<R: AsyncRead + Unpin>(
    inlet: &mut Inlet<R>,
    left: &mut Left,
) -> io::Result<Option<Vec<u8>>> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    loop {
        match *left {
            Left::Nothing => return Ok(None),
            Left::Sized(bytes) | Left::Chunk(bytes) => {
                let piece = inlet.some(bytes).await?;
                if piece.is_empty() {
                    return Err(cut());
                }
                let rest = bytes - piece.len();
                *left = match (*left, rest) {
                    (Left::Sized(_), 0) => Left::Nothing,
                    (Left::Sized(_), rest) => Left::Sized(rest),
                    (_, 0) => {
                        inlet.line().await?.ok_or_else(cut)?;
                        Left::Chunks
                    }
                    (_, rest) => Left::Chunk(rest),
                };
                return Ok(Some(piece));
            }
            Left::Chunks => {
                let line = inlet.line().await?.ok_or_else(cut)?;
                let size = usize::from_str_radix(&line, 16).map_err(|_| cut())?;
                if size == 0 {
                    inlet.line().await?;
                    *left = Left::Nothing;
                } else {
                    *left = Left::Chunk(size);
                }
            }
        }
    }
}

/// The whole body of a request.
pub(crate) async fn body(
    inlet: &mut Inlet<tokio::net::tcp::OwnedReadHalf>,
    head: &Head,
) -> io::Result<Vec<u8>> {
    let mut left = Left::of(head, false);
    let mut body = Vec::new();
    while let Some(piece) = piece(inlet, &mut left).await? {
        body.extend(piece);
    }
    Ok(body)
}

/// A connection to an instance.
pub(crate) type Upstream = Inlet<TcpStream>;
