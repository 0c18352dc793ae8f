//! What one row of the table is: an id, what must hold, how it is seen, and the page that explains it.

use serde::{Deserialize, Serialize};

/// One thing that goes wrong between an MCP client and an MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Practice {
    /// The name of the defect, in lower-case words joined by hyphens: `sse-buffered`.
    pub id: &'static str,
    /// The defect as a short headline, without a full stop.
    pub title: &'static str,
    /// How much it hurts.
    pub severity: Severity,
    /// Which revisions of the protocol it concerns.
    pub era: EraScope,
    /// The chapter it belongs to.
    pub group: Group,
    /// What must hold, in one sentence.
    pub holds: &'static str,
    /// How it is seen from outside, or why it cannot be.
    pub seen: Seen,
    /// What a user of the deployment notices, in one sentence.
    pub consequence: &'static str,
    /// The page, in Markdown, with the sections of [`crate::Section`] in order.
    pub doc: &'static str,
}

/// How much a defect hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It breaks MCP, or leaks.
    Error,
    /// It degrades, or will break under load.
    Warning,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: &[Self] = &[Self::Error, Self::Warning];

    /// The word used on the command line and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }

    /// Reads the word [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.as_str() == word)
    }
}

/// The revisions of the protocol a practice concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EraScope {
    /// 2024-11-05, 2025-03-26, 2025-06-18 and 2025-11-25: `initialize`, sessions, GET streams.
    Legacy,
    /// 2026-07-28: stateless, with method and name mirrored into headers.
    Modern,
    /// All revisions.
    Both,
}

impl EraScope {
    /// Every scope.
    pub const ALL: &[Self] = &[Self::Legacy, Self::Modern, Self::Both];

    /// The word used on the command line and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
            Self::Both => "both",
        }
    }

    /// Reads the word [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.as_str() == word)
    }

    /// Whether a practice of this scope matters to someone who asks for `wanted`.
    ///
    /// A practice of both eras matters to everyone, and who asks for both sees every practice.
    #[must_use]
    pub fn covers(self, wanted: Self) -> bool {
        self == wanted || self == Self::Both || wanted == Self::Both
    }
}

/// The chapter a practice belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Headers, paths and bodies that cross the proxy.
    Headers,
    /// Event streams.
    Streams,
    /// Sessions and tasks: state that lives on one instance.
    Sessions,
    /// Timeouts, keep-alive and reloads.
    Time,
    /// Backends named by users.
    Backends,
    /// What is written down.
    Logs,
    /// TLS and redirects.
    Tls,
    /// Health checks, sizes, rates.
    Limits,
    /// Browsers and authorization.
    Browsers,
}

impl Group {
    /// Every group, in the order of the book.
    pub const ALL: &[Self] = &[
        Self::Headers,
        Self::Streams,
        Self::Sessions,
        Self::Time,
        Self::Backends,
        Self::Logs,
        Self::Tls,
        Self::Limits,
        Self::Browsers,
    ];

    /// The word used on the command line and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Streams => "streams",
            Self::Sessions => "sessions",
            Self::Time => "time",
            Self::Backends => "backends",
            Self::Logs => "logs",
            Self::Tls => "tls",
            Self::Limits => "limits",
            Self::Browsers => "browsers",
        }
    }

    /// The chapter's title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Headers => "Headers and bodies",
            Self::Streams => "Event streams",
            Self::Sessions => "Sessions and tasks",
            Self::Time => "Time",
            Self::Backends => "User-supplied backends",
            Self::Logs => "Logs",
            Self::Tls => "TLS and redirects",
            Self::Limits => "Health and limits",
            Self::Browsers => "Browsers and authorization",
        }
    }

    /// Reads the word [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.as_str() == word)
    }
}

/// Where a defect can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Through the proxy, by traffic: the text says how.
    Outside(&'static str),
    /// Not by traffic: the text says why not, and what holds the practice instead.
    Inside(&'static str),
}

impl Seen {
    /// Whether a checker can see the defect by sending traffic.
    #[must_use]
    pub const fn is_outside(self) -> bool {
        matches!(self, Self::Outside(_))
    }

    /// How it is seen, or why it cannot be.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Outside(text) | Self::Inside(text) => text,
        }
    }

    /// The word used on the command line and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outside(_) => "outside",
            Self::Inside(_) => "inside",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for &severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.as_str()), Some(severity));
        }
        for &era in EraScope::ALL {
            assert_eq!(EraScope::parse(era.as_str()), Some(era));
        }
        for &group in Group::ALL {
            assert_eq!(Group::parse(group.as_str()), Some(group));
        }
        assert_eq!(Severity::parse("Error"), None);
    }

    #[test]
    fn an_era_covers_itself_and_both() {
        let check = |scope: EraScope, wanted: EraScope, expected: bool| {
            assert_eq!(scope.covers(wanted), expected, "{scope:?} for {wanted:?}");
        };
        check(EraScope::Legacy, EraScope::Legacy, true);
        check(EraScope::Legacy, EraScope::Modern, false);
        check(EraScope::Both, EraScope::Modern, true);
        check(EraScope::Modern, EraScope::Both, true);
    }
}
