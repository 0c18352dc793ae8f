//! Why there is nothing to check: one sentence each, with what to try.

use std::fmt;

use crate::wire::{HttpVersion, Trouble};

/// Why there is nothing to check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotRun {
    /// No answer at all.
    #[error("{url} cannot be reached: {cause}{}", scheme_hint(url, cause))]
    Unreachable {
        /// What was asked.
        url: String,
        /// What happened.
        cause: Trouble,
    },
    /// The endpoint wants credentials.
    #[error("{url} {refusal}")]
    Unauthorized {
        /// What was asked.
        url: String,
        /// How it said so.
        refusal: Refusal,
    },
    /// Something else than MCP answered.
    #[error("no MCP server answered at {url}: initialize got {found}; {hint}")]
    NotMcp {
        /// What was asked.
        url: String,
        /// What came.
        found: String,
        /// What to try.
        hint: &'static str,
    },
    /// The only HTTP version that was to be spoken is not offered.
    #[error("{url} does not offer {http}; leave the option out to use what it offers")]
    NotOffered {
        /// What was asked.
        url: String,
        /// The version.
        http: HttpVersion,
    },
    /// An id that is no check's.
    #[error("there is no check called {0}; see: propylon list")]
    UnknownId(String),
}

/// How an endpoint refused for want of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 401 or 403.
    pub status: u16,
    /// Its `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// Headers were given, and are not enough.
    pub had_credentials: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered {}", self.status)?;
        match &self.challenge {
            Some(challenge) => write!(f, " (WWW-Authenticate: {challenge})")?,
            None if self.status == 401 => {
                f.write_str(" without the WWW-Authenticate that tells clients what to do")?;
            }
            None => {}
        }
        if self.had_credentials {
            f.write_str(
                ": it does not take the credentials given with --header; are they still good?",
            )
        } else {
            f.write_str(
                ": it wants credentials; give them with --header 'Authorization: Bearer …' (env:NAME and @FILE keep them \
                 off the command line)",
            )
        }
    }
}

/// What speaks TLS answers plain HTTP with bytes that are none, or by hanging up.
fn scheme_hint(url: &str, cause: &Trouble) -> &'static str {
    let is_odd = matches!(cause, Trouble::Malformed(_) | Trouble::Ended { .. });
    if is_odd && url.starts_with("http://") {
        "; does the server want TLS? try https://"
    } else {
        ""
    }
}
