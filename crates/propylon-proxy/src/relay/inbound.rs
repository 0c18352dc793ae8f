//! A body as it comes in, from either side: where it ends, and what of the bytes is data.

use crate::http1::chunked::{Decoder, Progress};
use crate::http1::framing::Framing;

/// A body being read.
#[derive(Debug)]
pub(crate) enum Inbound {
    Sized {
        left: u64,
    },
    Chunked(Box<Decoder>),
    /// Until the other side's end, with the trailer lines that came with it.
    UntilClose {
        end: Option<Box<[u8]>>,
    },
}

impl Inbound {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Empty => Self::Sized { left: 0 },
            Framing::Sized(left) => Self::Sized { left },
            Framing::Chunked => Self::Chunked(Box::new(Decoder::new())),
            Framing::UntilClose => Self::UntilClose { end: None },
        }
    }

    /// Whether the body has been read to its end.
    pub(crate) fn is_done(&self) -> bool {
        match self {
            Self::Sized { left } => *left == 0,
            Self::Chunked(decoder) => decoder.is_done(),
            Self::UntilClose { end } => end.is_some(),
        }
    }

    /// The end that has been read, as it was read; `None` before it.
    pub(crate) fn again(&self) -> Option<Self> {
        let end = || Some(self.trailers().into());
        self.is_done().then(|| Self::UntilClose { end: end() })
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

    /// The other side ended, with these trailer lines. True where that is how this body ends.
    pub(crate) fn close(&mut self, trailers: Vec<u8>) -> bool {
        if let Self::UntilClose { end } = self {
            *end = Some(trailers.into());
        }
        self.is_done()
    }

    /// The trailer lines behind the body.
    pub(crate) fn trailers(&self) -> &[u8] {
        match self {
            Self::Chunked(decoder) => decoder.trailers(),
            Self::UntilClose { end } => end.as_deref().unwrap_or_default(),
            Self::Sized { .. } => &[],
        }
    }
}
