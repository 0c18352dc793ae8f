//! Bodies by their framing, read in pieces as they come.

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

use super::message::Head;

/// How the rest of a body is told apart from what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// This many bytes are left.
    Length(u64),
    /// Chunks; this many bytes are left of the present one.
    Chunked(u64),
    /// Until the peer closes.
    Close,
}

/// A body being read.
pub(super) struct Body {
    framing: Framing,
    ended: bool,
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Data(Vec<u8>),
    /// The body is whole.
    End,
    /// The peer went before it was.
    Lost,
    /// Nothing within the socket's read timeout.
    Quiet,
}

impl Body {
    pub(super) fn of_request(head: &Head) -> Self {
        Self::new(head, Framing::Length(0))
    }

    pub(super) fn of_response(head: &Head, method: &str) -> Self {
        if method == "HEAD" || matches!(head.status(), 100..=199 | 204 | 304) {
            return Self {
                framing: Framing::Length(0),
                ended: false,
            };
        }
        Self::new(head, Framing::Close)
    }

    fn new(head: &Head, otherwise: Framing) -> Self {
        let framing = if head.get("transfer-encoding").is_some() {
            Framing::Chunked(0)
        } else if let Some(length) = head
            .get("content-length")
            .and_then(|length| length.parse().ok())
        {
            Framing::Length(length)
        } else {
            otherwise
        };
        Self {
            framing,
            ended: false,
        }
    }

    /// The number of bytes, where it is known before.
    pub(super) fn length(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(length) => Some(length),
            _ => None,
        }
    }

    /// The next piece.
    pub(super) fn next(&mut self, from: &mut BufReader<TcpStream>) -> Piece {
        if self.ended {
            return Piece::End;
        }
        match self.advance(from) {
            Ok(piece) => piece,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                Piece::Quiet
            }
            Err(_) => Piece::Lost,
        }
    }

    /// All of it.
    pub(super) fn whole(mut self, from: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            match self.next(from) {
                Piece::Data(data) => bytes.extend_from_slice(&data),
                Piece::End => return Some(bytes),
                Piece::Lost | Piece::Quiet => return None,
            }
        }
    }

    fn advance(&mut self, from: &mut BufReader<TcpStream>) -> io::Result<Piece> {
        if let Framing::Chunked(0) = self.framing {
            let Some(size) = chunk_size(from)? else {
                return Ok(Piece::Lost);
            };
            if size == 0 {
                self.ended = true;
                let mut last = String::new();
                from.read_line(&mut last)?;
                return Ok(Piece::End);
            }
            self.framing = Framing::Chunked(size);
        }
        let left = match self.framing {
            Framing::Length(0) => {
                self.ended = true;
                return Ok(Piece::End);
            }
            Framing::Length(left) | Framing::Chunked(left) => left,
            Framing::Close => u64::MAX,
        };
        let available = from.fill_buf()?;
        let count = available
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let data = available[..count].to_vec();
        from.consume(count);
        if count == 0 {
            self.ended = true;
            return Ok(if self.framing == Framing::Close {
                Piece::End
            } else {
                Piece::Lost
            });
        }
        let left = left - count as u64;
        match self.framing {
            Framing::Length(_) => self.framing = Framing::Length(left),
            Framing::Chunked(_) => {
                self.framing = Framing::Chunked(left);
                if left == 0 {
                    from.read_exact(&mut [0; 2])?;
                }
            }
            Framing::Close => {}
        }
        Ok(Piece::Data(data))
    }
}

/// The size of the next chunk; none when the peer closed in its place. Waits without losing what came of the line.
fn chunk_size(from: &mut BufReader<TcpStream>) -> io::Result<Option<u64>> {
    if from.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut line = String::new();
    from.read_line(&mut line)?;
    let digits = line.trim_end().split(';').next().unwrap_or_default();
    u64::from_str_radix(digits, 16)
        .map(Some)
        .map_err(|_| io::ErrorKind::InvalidData.into())
}
