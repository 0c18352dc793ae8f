//! How a response body is framed, undone piece by piece without I/O.

use super::head::Head;
use super::trouble::Trouble;

/// Most bytes of a chunk's size line, or of the trailers.
const LINE_BYTES_MAX: usize = 8 << 10;

/// How a body says where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    Empty,
    Sized(u64),
    Chunked,
    /// The end of the connection is the end of the body.
    UntilClose,
}

impl Framing {
    /// The framing of the answer to a request of `method` (RFC 9112, 6.3).
    pub(crate) fn of(head: &Head, method: &str) -> Result<Self, Trouble> {
        if method == "HEAD" || head.status < 200 || matches!(head.status, 204 | 304) {
            return Ok(Self::Empty);
        }
        if head
            .list("transfer-encoding")
            .last()
            .is_some_and(|coding| coding == "chunked")
        {
            return Ok(Self::Chunked);
        }
        match head.get("content-length") {
            Some(length) => length
                .parse()
                .map(Self::Sized)
                .map_err(|_| Trouble::Malformed(format!("Content-Length: {length}"))),
            None => Ok(Self::UntilClose),
        }
    }
}

/// Takes a body's bytes as they come and gives its content.
#[derive(Clone, Debug)]
pub(crate) struct Decoder {
    state: State,
    line: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Sized(u64),
    UntilClose,
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    Done,
}

impl Decoder {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Empty | Framing::Sized(0) => State::Done,
            Framing::Sized(bytes) => State::Sized(bytes),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Self {
            state,
            line: Vec::new(),
        }
    }

    /// Whether the body is whole.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether a close of the connection here ends the body as it should.
    pub(crate) fn may_close(&self) -> bool {
        matches!(self.state, State::Done | State::UntilClose)
    }

    /// Takes bytes from the wire into `content`; what comes after the body is left alone, and its length given.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        content: &mut Vec<u8>,
    ) -> Result<usize, Trouble> {
        while !bytes.is_empty() && self.state != State::Done {
            bytes = match self.state {
                State::Sized(left) => {
                    let rest = take(bytes, left, content);
                    let left = left.saturating_sub(length(bytes.len() - rest.len()));
                    self.state = if left == 0 {
                        State::Done
                    } else {
                        State::Sized(left)
                    };
                    rest
                }
                State::UntilClose => take(bytes, u64::MAX, content),
                State::Chunk(left) => {
                    let rest = take(bytes, left, content);
                    let left = left.saturating_sub(length(bytes.len() - rest.len()));
                    self.state = if left == 0 {
                        State::ChunkEnd
                    } else {
                        State::Chunk(left)
                    };
                    rest
                }
                State::ChunkSize | State::ChunkEnd | State::Trailers => self.take_line(bytes)?,
                State::Done => bytes,
            };
        }
        Ok(bytes.len())
    }

    fn take_line<'wire>(&mut self, bytes: &'wire [u8]) -> Result<&'wire [u8], Trouble> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (piece, rest) = bytes
            .split_at_checked(end.map_or(bytes.len(), |end| end + 1))
            .unwrap_or((bytes, &[]));
        self.line.extend_from_slice(piece);
        if self.line.len() > LINE_BYTES_MAX {
            return Err(Trouble::Malformed("a chunk's size line is too long".into()));
        }
        if end.is_none() {
            return Ok(rest);
        }
        let line = std::mem::take(&mut self.line);
        let line = line.trim_ascii();
        self.state = match self.state {
            State::ChunkSize => match chunk_size(line)? {
                0 => State::Trailers,
                size => State::Chunk(size),
            },
            State::ChunkEnd if line.is_empty() => State::ChunkSize,
            State::ChunkEnd => {
                return Err(Trouble::Malformed("a chunk is longer than it says".into()));
            }
            State::Trailers if line.is_empty() => State::Done,
            state => state,
        };
        Ok(rest)
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Moves up to `most` bytes, and gives the rest.
fn take<'wire>(bytes: &'wire [u8], most: u64, content: &mut Vec<u8>) -> &'wire [u8] {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
    let (piece, rest) = bytes.split_at_checked(most).unwrap_or((bytes, &[]));
    content.extend_from_slice(piece);
    rest
}

fn chunk_size(line: &[u8]) -> Result<u64, Trouble> {
    let digits = line
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| Trouble::Malformed(format!("the chunk size {:?}", super::head::latin(line))))
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Framing};

    fn decode(framing: Framing, wire: &[u8], step: usize) -> (Vec<u8>, bool, usize) {
        let mut decoder = Decoder::new(framing);
        let mut content = Vec::new();
        let mut left = 0;
        for piece in wire.chunks(step) {
            left += decoder.push(piece, &mut content).unwrap();
        }
        (content, decoder.is_done(), left)
    }

    #[test]
    fn chunks_come_out_whole_however_they_are_split() {
        let wire = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\nnext";
        for step in 1..=wire.len() {
            let (content, is_done, left) = decode(Framing::Chunked, wire, step);
            assert_eq!(content, b"hello world", "{step}");
            assert!(is_done);
            assert_eq!(left, 4, "{step}");
        }
    }

    #[test]
    fn a_sized_body_ends_at_its_size() {
        assert_eq!(
            decode(Framing::Sized(3), b"abcd", 2),
            (b"abc".to_vec(), true, 1)
        );
        assert_eq!(
            decode(Framing::Sized(9), b"abcd", 2),
            (b"abcd".to_vec(), false, 0)
        );
        assert_eq!(decode(Framing::Empty, b"ab", 2), (Vec::new(), true, 2));
    }

    #[test]
    fn a_body_without_its_last_chunk_may_not_close() {
        let mut decoder = Decoder::new(Framing::Chunked);
        decoder.push(b"5\r\nhello\r\n", &mut Vec::new()).unwrap();
        assert!(!decoder.may_close());
        assert!(Decoder::new(Framing::UntilClose).may_close());
        let mut content = Vec::new();
        assert!(
            Decoder::new(Framing::Chunked)
                .push(b"zz\r\n", &mut content)
                .is_err()
        );
    }
}
