//! A body as it comes in, from either side: where it ends, and what of the bytes is data.

use crate::http1::chunked::{Decoder, Progress};
use crate::http1::framing::Framing;

/// A body being read.
#[derive(Debug)]
pub(crate) enum Inbound {
    Sized { left: u64 },
    Chunked(Box<Decoder>),
    UntilClose { closed: bool },
}

impl Inbound {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Empty => Self::Sized { left: 0 },
            Framing::Sized(left) => Self::Sized { left },
            Framing::Chunked => Self::Chunked(Box::new(Decoder::new())),
            Framing::UntilClose => Self::UntilClose { closed: false },
        }
    }

    /// Whether the body has been read to its end.
    pub(crate) fn is_done(&self) -> bool {
        match self {
            Self::Sized { left } => *left == 0,
            Self::Chunked(decoder) => decoder.is_done(),
            Self::UntilClose { closed } => *closed,
        }
    }

    /// Takes a piece; its data then stands at the front of it.
    ///
    /// # Errors
    /// A text that says what is wrong with the coding.
    pub(crate) fn take(&mut self, piece: &mut [u8]) -> Result<Progress, &'static str> {
        match self {
            Self::Sized { left } => {
                let data = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(piece.len());
                *left -= data as u64;
                Ok(Progress {
                    data,
                    consumed: data,
                })
            }
            Self::Chunked(decoder) => decoder.decode(piece),
            Self::UntilClose { .. } => Ok(Progress {
                data: piece.len(),
                consumed: piece.len(),
            }),
        }
    }

    /// The other side closed. True where that is how this body ends.
    pub(crate) fn close(&mut self) -> bool {
        if let Self::UntilClose { closed } = self {
            *closed = true;
        }
        self.is_done()
    }

    /// The trailer lines of a chunked body.
    pub(crate) fn trailers(&self) -> &[u8] {
        match self {
            Self::Chunked(decoder) => decoder.trailers(),
            _ => &[],
        }
    }
}
