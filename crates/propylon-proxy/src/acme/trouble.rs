//! Why there is no certificate, told apart by what to do next.

use std::io;
use std::path::Path;
use std::time::Duration;

use instant_acme::Error;

/// What went wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Trouble {
    /// The directory cannot be asked, or answers nothing that makes sense.
    #[error("the directory cannot be asked: {0}")]
    Unreachable(String),
    /// It was asked, and says no.
    #[error("the directory refuses: {0}")]
    Refused(String),
    /// It was asked too often.
    #[error("the directory has been asked too often: {cause}")]
    Limited {
        cause: String,
        retry_after: Option<Duration>,
    },
    /// It does not know the account any more.
    #[error("the directory does not know the account; another one is made")]
    AccountUnknown,
    /// Our own side cannot do what it must.
    #[error("{0}")]
    Local(String),
}

impl Trouble {
    /// A file that cannot be read or written.
    pub(super) fn file(file: &Path, error: &io::Error) -> Self {
        Self::Local(format!("{}: {error}", file.display()))
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        let Error::Api(problem) = error else {
            return match error {
                Error::Timeout(_) => Self::Refused("it did not decide in time".to_owned()),
                _ => Self::Unreachable(words),
            };
        };
        let kind = problem.r#type.unwrap_or_default();
        match kind.strip_prefix("urn:ietf:params:acme:error:") {
            Some("rateLimited") => Self::Limited {
                cause: words,
                retry_after: None,
            },
            Some("accountDoesNotExist") => Self::AccountUnknown,
            Some("badNonce" | "serverInternal") => Self::Unreachable(words),
            _ => Self::Refused(words),
        }
    }
}
