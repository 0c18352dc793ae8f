//! The id an exchange is found by in every log on its way: the client's, or one of ours.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;

/// The id of one exchange.
#[derive(Debug, Clone)]
pub(crate) enum RequestId {
    Minted([u8; 32]),
    /// Sent by the client, and fit for a log.
    Kept(Box<str>),
    /// Sent by the client, but not fit for a log: it goes on to the upstream as it is, and we log
    /// by our own.
    Unfit([u8; 32]),
}

/// Longer ones are not copied into a log.
const KEPT_BYTES_MAX: usize = 128;

impl RequestId {
    /// Takes the client's id, or keeps to `minted` where that is not fit.
    pub(crate) fn kept(value: &[u8], minted: Self) -> Self {
        let fit = !value.is_empty()
            && value.len() <= KEPT_BYTES_MAX
            && value.iter().all(u8::is_ascii_graphic);
        match (fit.then(|| std::str::from_utf8(value)), minted) {
            (Some(Ok(text)), _) => Self::Kept(text.into()),
            (_, Self::Minted(own) | Self::Unfit(own)) => Self::Unfit(own),
            (_, kept) => kept,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Minted(digits) | Self::Unfit(digits) => {
                std::str::from_utf8(digits).unwrap_or_default()
            }
            Self::Kept(text) => text,
        }
    }

    pub(crate) fn is_minted(&self) -> bool {
        matches!(self, Self::Minted(_))
    }
}

/// A worker's source of ids: half drawn at random when it starts, half counted.
#[derive(Debug)]
pub(crate) struct RequestIds {
    prefix: u64,
    next: Cell<u64>,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        // Seeded by the operating system, which is all that two processes need to differ.
        let random = || RandomState::new().hash_one(std::process::id());
        Self {
            prefix: random(),
            next: Cell::new(random()),
        }
    }

    /// Two numbers that together no other caller gets.
    pub(crate) fn numbers(&self) -> (u64, u64) {
        let next = self.next.get().wrapping_add(1);
        self.next.set(next);
        (self.prefix, next)
    }

    pub(crate) fn mint(&self) -> RequestId {
        let (prefix, next) = self.numbers();
        let mut digits = [b'0'; 32];
        // Thirty-two digits always fit.
        let _ = write!(&mut digits[..], "{prefix:016x}{next:016x}");
        RequestId::Minted(digits)
    }
}
