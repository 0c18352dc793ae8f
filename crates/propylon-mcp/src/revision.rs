//! The published revisions of the specification.

use std::fmt;

use crate::era::Era;

/// A published revision, in order of its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// 2024-11-05: HTTP with SSE, two endpoints.
    V2024_11_05,
    /// 2025-03-26: Streamable HTTP, sessions, JSON-RPC batches.
    V2025_03_26,
    /// 2025-06-18: the `MCP-Protocol-Version` header, no more batches.
    V2025_06_18,
    /// 2025-11-25: priming events and polling of streams.
    V2025_11_25,
    /// 2026-07-28: no handshake, no sessions, mirrored headers.
    V2026_07_28,
}

impl Revision {
    /// Every revision, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// Reads a revision from its date; `None` for every revision not in [`Revision::ALL`].
    pub fn parse(value: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|revision| revision.as_str().as_bytes() == value)
    }

    /// The date, as it stands in headers and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era the revision belongs to.
    pub const fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => {
                Era::Legacy
            }
            Self::V2026_07_28 => Era::Modern,
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether `value` is spelled `YYYY-MM-DD` with a possible month and day.
///
/// Dates of this form compare in time order as bytes.
pub(crate) fn is_date(value: &[u8]) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = value else {
        return false;
    };
    [y1, y2, y3, y4, m1, m2, d1, d2]
        .iter()
        .all(u8::is_ascii_digit)
        && (b"01".as_slice()..=b"12").contains(&[m1, m2].as_slice())
        && (b"01".as_slice()..=b"31").contains(&[d1, d2].as_slice())
}

#[cfg(test)]
mod tests {
    use super::Revision;
    use crate::era::Era;

    #[test]
    fn every_revision_reads_back() {
        for revision in Revision::ALL {
            assert_eq!(
                Revision::parse(revision.as_str().as_bytes()),
                Some(revision)
            );
            assert_eq!(
                Era::of_version_header(Some(revision.as_str().as_bytes())),
                revision.era()
            );
        }
        assert!(Revision::ALL.is_sorted());
    }

    #[test]
    fn others_are_unknown() {
        for value in ["", "2026-07-29", "2025-11-25 ", "DRAFT-2026-v1"] {
            assert_eq!(Revision::parse(value.as_bytes()), None, "{value:?}");
        }
    }
}
