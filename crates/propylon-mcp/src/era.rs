//! The two eras of the protocol: with a handshake and sessions, or with each request on its own.

use crate::revision::is_date;

/// Which rules a request lives under (2026-07-28 versioning, Terminology).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// 2025-11-25 and earlier: an `initialize` handshake, sessions, GET streams, `Last-Event-ID`.
    Legacy,
    /// 2026-07-28 and later: every request carries its own version and identity, and there are no sessions.
    Modern,
}

impl Era {
    /// The era as logs and metrics spell it: `legacy` or `modern`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }

    /// Reads the era from the value of `MCP-Protocol-Version`, as it came on the wire.
    ///
    /// - Absent: legacy. The header exists since 2025-06-18 and its absence means 2025-03-26 (2025-06-18 transports,
    ///   Protocol Version Header); every modern POST must have it (2026-07-28 streamable-http, same section).
    /// - A date: modern from 2026-07-28 on. A later date is a revision we do not know yet, and the specification
    ///   defines "modern" as that revision *and later*; the server answers for it, with its own supported list.
    /// - `DRAFT-<year>-v<n>`: the version the draft schema carried until it was pinned to 2026-07-28, and which SDK
    ///   releases of that time still send. `DRAFT-2026-v1` already had per-request metadata; the drafts of 2025
    ///   became 2025-11-25 and had the handshake. A bare `draft` is nobody's wire value, but can only mean the
    ///   current draft.
    /// - Anything else: legacy. A value that promises nothing must not switch on rules that trust mirrored headers
    ///   (2026-07-28 streamable-http, Server Validation, last note); the server will answer 400.
    pub fn of_version_header(value: Option<&[u8]>) -> Self {
        let Some(value) = value.map(<[u8]>::trim_ascii) else {
            return Self::Legacy;
        };
        let modern = if is_date(value) {
            value >= b"2026-07-28".as_slice()
        } else {
            is_modern_draft(value)
        };
        if modern { Self::Modern } else { Self::Legacy }
    }
}

fn is_modern_draft(value: &[u8]) -> bool {
    if value.eq_ignore_ascii_case(b"draft") {
        return true;
    }
    let Some((head, rest)) = value.split_at_checked(6) else {
        return false;
    };
    let Some((year, version)) = rest.split_at_checked(4) else {
        return false;
    };
    head.eq_ignore_ascii_case(b"draft-")
        && year.iter().all(u8::is_ascii_digit)
        && year >= b"2026".as_slice()
        && (version.is_empty() || version.starts_with(b"-"))
}

#[cfg(test)]
mod tests {
    use super::Era;

    #[test]
    fn reads_the_version_header() {
        let cases: &[(Option<&str>, Era)] = &[
            (None, Era::Legacy),
            (Some(""), Era::Legacy),
            (Some("2024-11-05"), Era::Legacy),
            (Some("2025-11-25"), Era::Legacy),
            (Some("2026-07-27"), Era::Legacy),
            (Some("2026-07-28"), Era::Modern),
            (Some(" 2026-07-28 "), Era::Modern),
            (Some("2026-07-29"), Era::Modern),
            (Some("2027-01-31"), Era::Modern),
            (Some("2027-13-01"), Era::Legacy),
            (Some("2027-00-10"), Era::Legacy),
            (Some("2027-1-1"), Era::Legacy),
            (Some("9999999999"), Era::Legacy),
            (Some("2026-07-28, 2025-11-25"), Era::Legacy),
            (Some("DRAFT-2026-v1"), Era::Modern),
            (Some("draft-2027-v3"), Era::Modern),
            (Some("DRAFT-2025-v2"), Era::Legacy),
            (Some("DRAFT-2026x"), Era::Legacy),
            (Some("DRAFT-"), Era::Legacy),
            (Some("draft"), Era::Modern),
            (Some("banana"), Era::Legacy),
        ];
        for (value, era) in cases {
            assert_eq!(
                Era::of_version_header(value.map(str::as_bytes)),
                *era,
                "{value:?}"
            );
        }
    }
}
