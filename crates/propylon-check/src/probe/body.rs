//! A request body taken out of its transfer coding, byte by byte, without I/O.

use bytes::{Buf, BytesMut};

use super::head::Framing;

/// Bytes of a chunk-size line or a trailer line, at most.
const LINE_BYTES_MAX: usize = 4_096;
/// Trailer lines, at most.
const TRAILERS_MAX: usize = 64;

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadBody {
    TooLarge,
    Malformed,
}

#[derive(Debug)]
enum State {
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers(usize),
    Done,
}

/// Takes a body out of the bytes of a connection.
#[derive(Debug)]
pub(crate) struct BodyReader {
    state: State,
    body: Vec<u8>,
    bytes_max: usize,
}

impl BodyReader {
    pub(crate) fn new(framing: Framing, bytes_max: usize) -> Result<Self, BadBody> {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length)
                if usize::try_from(length).map_or(true, |length| length > bytes_max) =>
            {
                return Err(BadBody::TooLarge);
            }
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
        };
        Ok(Self {
            state,
            body: Vec::new(),
            bytes_max,
        })
    }

    /// Takes what belongs to the body from `input`; true once the body is whole.
    pub(crate) fn take(&mut self, input: &mut BytesMut) -> Result<bool, BadBody> {
        loop {
            match self.state {
                State::Done => return Ok(true),
                State::Length(left) => match self.take_data(left, input)? {
                    0 => self.state = State::Done,
                    left => {
                        self.state = State::Length(left);
                        return Ok(false);
                    }
                },
                State::ChunkData(left) => match self.take_data(left, input)? {
                    0 => self.state = State::ChunkEnd,
                    left => {
                        self.state = State::ChunkData(left);
                        return Ok(false);
                    }
                },
                State::ChunkSize | State::ChunkEnd | State::Trailers(_) => {
                    let Some(line) = take_line(input)? else {
                        return Ok(false);
                    };
                    self.state = self.after_line(&line)?;
                }
            }
        }
    }

    /// Moves up to `left` bytes into the body and says how many are still to come.
    fn take_data(&mut self, left: u64, input: &mut BytesMut) -> Result<u64, BadBody> {
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        if self.body.len().saturating_add(now) > self.bytes_max {
            return Err(BadBody::TooLarge);
        }
        self.body.extend_from_slice(&input.split_to(now));
        Ok(left.saturating_sub(u64::try_from(now).unwrap_or(u64::MAX)))
    }

    fn after_line(&self, line: &[u8]) -> Result<State, BadBody> {
        match self.state {
            State::ChunkEnd if line.is_empty() => Ok(State::ChunkSize),
            State::ChunkSize => match chunk_size(line)? {
                0 => Ok(State::Trailers(0)),
                size if size > u64::try_from(self.bytes_max).unwrap_or(u64::MAX) => {
                    Err(BadBody::TooLarge)
                }
                size => Ok(State::ChunkData(size)),
            },
            State::Trailers(_) if line.is_empty() => Ok(State::Done),
            State::Trailers(seen) if seen < TRAILERS_MAX => Ok(State::Trailers(seen + 1)),
            _ => Err(BadBody::Malformed),
        }
    }

    /// Bytes of the body so far.
    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }

    pub(crate) fn into_body(self) -> Vec<u8> {
        self.body
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, BadBody> {
    let digits = line
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let valid =
        !digits.is_empty() && digits.len() <= 15 && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).map_err(|_| BadBody::Malformed)?;
    if valid {
        u64::from_str_radix(text, 16).map_err(|_| BadBody::Malformed)
    } else {
        Err(BadBody::Malformed)
    }
}

fn take_line(input: &mut BytesMut) -> Result<Option<BytesMut>, BadBody> {
    let Some(at) = input.iter().position(|byte| *byte == b'\n') else {
        return if input.len() > LINE_BYTES_MAX {
            Err(BadBody::Malformed)
        } else {
            Ok(None)
        };
    };
    let mut line = input.split_to(at);
    input.advance(1);
    if line.last() == Some(&b'\r') {
        line.truncate(line.len() - 1);
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{BadBody, BodyReader};
    use crate::probe::head::Framing;

    fn read(framing: Framing, input: &[u8], step: usize) -> Result<(Vec<u8>, Vec<u8>), BadBody> {
        let mut reader = BodyReader::new(framing, 100)?;
        let mut buffer = BytesMut::new();
        let mut chunks = input.chunks(step);
        while !reader.take(&mut buffer)? {
            match chunks.next() {
                Some(chunk) => buffer.extend_from_slice(chunk),
                None => return Ok((Vec::new(), b"incomplete".to_vec())),
            }
        }
        chunks.for_each(|chunk| buffer.extend_from_slice(chunk));
        Ok((reader.into_body(), buffer.to_vec()))
    }

    #[test]
    fn bodies_are_the_same_however_they_are_split() {
        for step in 1..40 {
            let chunked = b"3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\nnext";
            assert_eq!(
                read(Framing::Chunked, chunked, step),
                Ok((b"abc0123456789".to_vec(), b"next".to_vec()))
            );
            assert_eq!(
                read(Framing::Length(3), b"abcnext", step),
                Ok((b"abc".to_vec(), b"next".to_vec()))
            );
        }
        assert_eq!(
            read(Framing::None, b"next", 9),
            Ok((Vec::new(), b"next".to_vec()))
        );
    }

    #[test]
    fn bad_bodies_are_refused() {
        assert_eq!(read(Framing::Length(101), b"", 1), Err(BadBody::TooLarge));
        assert_eq!(read(Framing::Chunked, b"65\r\n", 9), Err(BadBody::TooLarge));
        let many = format!("32\r\n{0}\r\n32\r\n{0}\r\n1\r\na", "y".repeat(50));
        assert_eq!(
            read(Framing::Chunked, many.as_bytes(), 200),
            Err(BadBody::TooLarge)
        );
        for bad in [
            "x\r\n",
            "\r\n",
            "-1\r\n",
            "1\r\nab\r\n",
            "fffffffffffffffff\r\n",
        ] {
            assert_eq!(
                read(Framing::Chunked, bad.as_bytes(), 99),
                Err(BadBody::Malformed),
                "{bad:?}"
            );
        }
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(70));
        assert_eq!(
            read(Framing::Chunked, trailers.as_bytes(), 999),
            Err(BadBody::Malformed)
        );
    }
}
