//! The chunked transfer coding (RFC 9112, 7.1): an incremental, strict decoder, and the encoder.

use std::io::Write as _;

use super::lines::Lines;

/// Decodes a chunked body that arrives in arbitrary pieces.
#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    /// The trailer lines as they came, without the empty line that ends them.
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size { value: u64, digits: u8 },
    Extension { value: u64, length: u16 },
    SizeEnd { value: u64 },
    Data { left: u64 },
    DataEnd { seen_cr: bool },
    Trailers,
    Done,
}

/// How far one piece got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The decoded bytes now stand in `piece[..data]`.
    pub(crate) data: usize,
    /// How many bytes of the piece belonged to the body.
    pub(crate) consumed: usize,
}

const EXTENSION_BYTES_MAX: u16 = 256;
const TRAILER_BYTES_MAX: usize = 8 * 1024;

impl Decoder {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Size {
                value: 0,
                digits: 0,
            },
            trailers: Vec::new(),
        }
    }

    /// Whether the last chunk and its trailers have been read.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The trailer lines, each with its line end; empty where there were none.
    pub(crate) fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// Decodes one piece in place: its data is moved to the front.
    ///
    /// # Errors
    /// A text that says what is not chunked coding.
    pub(crate) fn decode(&mut self, piece: &mut [u8]) -> Result<Progress, &'static str> {
        let mut data = 0;
        let mut at = 0;
        while at < piece.len() && self.state != State::Done {
            if let State::Data { left } = self.state {
                let take = usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(piece.len() - at);
                piece.copy_within(at..at + take, data);
                data += take;
                at += take;
                let left = left - take as u64;
                self.state = if left == 0 {
                    State::DataEnd { seen_cr: false }
                } else {
                    State::Data { left }
                };
            } else if let Some(byte) = piece.get(at) {
                self.state = self.step(*byte)?;
                at += 1;
            }
        }
        Ok(Progress { data, consumed: at })
    }

    fn step(&mut self, byte: u8) -> Result<State, &'static str> {
        match (self.state, byte) {
            (State::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                let digit = (byte as char).to_digit(16).map_or(0, u64::from);
                if digits == 16 || value >> 60 != 0 {
                    return Err("a chunk size of more than 64 bits");
                }
                Ok(State::Size {
                    value: value << 4 | digit,
                    digits: digits + 1,
                })
            }
            (State::Size { digits: 0, .. }, _) => Err("a chunk without a size"),
            (State::Size { value, .. }, b'\r') => Ok(State::SizeEnd { value }),
            (State::Size { value, .. }, b';' | b' ' | b'\t') => {
                Ok(State::Extension { value, length: 0 })
            }
            (State::Size { .. }, _) => Err("a chunk size that is not hexadecimal"),
            (State::Extension { value, .. }, b'\r') => Ok(State::SizeEnd { value }),
            (State::Extension { .. }, b'\n' | 0) => Err("a control character in a chunk extension"),
            (
                State::Extension {
                    length: EXTENSION_BYTES_MAX,
                    ..
                },
                _,
            ) => Err("a chunk extension too long"),
            (State::Extension { value, length }, _) => Ok(State::Extension {
                value,
                length: length + 1,
            }),
            (State::SizeEnd { value: 0 }, b'\n') => Ok(State::Trailers),
            (State::SizeEnd { value }, b'\n') => Ok(State::Data { left: value }),
            (State::SizeEnd { .. }, _) => Err("a chunk size line that does not end in CR LF"),
            (State::DataEnd { seen_cr: false }, b'\r') => Ok(State::DataEnd { seen_cr: true }),
            (State::DataEnd { seen_cr: true }, b'\n') => Ok(State::Size {
                value: 0,
                digits: 0,
            }),
            (State::DataEnd { .. }, _) => Err("a chunk longer than its size"),
            (State::Trailers, _) => self.trailer(byte),
            (state @ (State::Data { .. } | State::Done), _) => Ok(state),
        }
    }

    fn trailer(&mut self, byte: u8) -> Result<State, &'static str> {
        if self.trailers.len() >= TRAILER_BYTES_MAX {
            return Err("trailers too long");
        }
        self.trailers.push(byte);
        if byte != b'\n' {
            return Ok(State::Trailers);
        }
        if self.trailers == b"\r\n" || self.trailers.ends_with(b"\r\n\r\n") {
            self.trailers.truncate(self.trailers.len() - 2);
            self.check_trailers()?;
            return Ok(State::Done);
        }
        if self.trailers.ends_with(b"\r\n") {
            Ok(State::Trailers)
        } else {
            Err("a trailer ends in LF without CR")
        }
    }

    /// Refuses what is no header line, and leaves out what a trailer must not say (RFC 9110, 6.5.1).
    fn check_trailers(&mut self) -> Result<(), &'static str> {
        if self.trailers.is_empty() {
            return Ok(());
        }
        let mut whole = std::mem::take(&mut self.trailers);
        whole.extend_from_slice(b"\r\n");
        let mut slots = [httparse::EMPTY_HEADER; 64];
        let Ok(httparse::Status::Complete((_, headers))) =
            httparse::parse_headers(&whole, &mut slots)
        else {
            return Err("a trailer that is not a header line");
        };
        let lines = Lines::locate(&whole, headers);
        for line in lines.iter().filter(|line| line.field.may_trail()) {
            self.trailers.extend_from_slice(line.run_to(line, &whole));
        }
        Ok(())
    }
}

/// Writes `data` as one chunk; nothing at all where it is empty, since an empty chunk ends a body.
pub(crate) fn encode(data: &[u8], out: &mut Vec<u8>) {
    if data.is_empty() {
        return;
    }
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{:x}\r\n", data.len());
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Writes the last chunk with its trailer lines.
pub(crate) fn encode_end(trailers: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n");
    out.extend_from_slice(trailers);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, usize), &'static str> {
        let mut decoder = Decoder::new();
        let (mut data, mut consumed) = (Vec::new(), 0);
        for piece in pieces {
            let mut piece = piece.to_vec();
            let progress = decoder.decode(&mut piece)?;
            data.extend_from_slice(&piece[..progress.data]);
            consumed += progress.consumed;
        }
        Ok((data, decoder.is_done(), consumed))
    }

    #[test]
    fn bytes_behind_the_body_are_left() {
        let (data, done, consumed) = decode(&[b"3;x=y\r\nabc\r\n0\r\nA: 1\r\n\r\nGET"]).unwrap();
        assert_eq!((data.as_slice(), done, consumed), (&b"abc"[..], true, 23));
    }

    #[test]
    fn what_is_not_chunked_is_refused() {
        for text in [
            "\r\n",
            "g\r\n",
            "3\nabc",
            "3\r\nabcd\r\n",
            "3\r\nabc\n",
            "-1\r\n",
            "1_0\r\n",
            "11111111111111111\r\n",
            "0\r\nbad trailer\r\n\r\n",
            "0\r\nA: 1\n\r\n",
            "1;\n\r\n",
        ] {
            assert!(decode(&[text.as_bytes()]).is_err(), "{text:?}");
        }
        let extension = format!("1;{}\r\n", "x".repeat(300));
        assert!(decode(&[extension.as_bytes()]).is_err());
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_body(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            trailer in prop::bool::ANY,
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                encode(chunk, &mut wire);
            }
            encode_end(if trailer { b"X: y\r\n" } else { b"" }, &mut wire);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
            cuts.extend([0, wire.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|pair| &wire[pair[0]..pair[1]]).collect();
            let (data, done, consumed) = decode(&pieces).unwrap();
            prop_assert_eq!(data, chunks.concat());
            prop_assert!(done);
            prop_assert_eq!(consumed, wire.len());
        }

        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&[&noise]);
        }
    }
}
