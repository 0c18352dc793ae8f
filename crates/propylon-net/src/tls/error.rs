//! What can be wrong with the files of TLS, said with the file and what to do.

use std::path::PathBuf;

/// A file, or a pair of files, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file is not there, may not be read, or is not PEM.
    #[error("{}: {cause}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system or the reader said.
        cause: String,
    },
    /// The file has nothing of what it is named for.
    #[error("{}: there is no {wanted} in it; a PEM file with one is needed", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// `certificate`, `private key` or `revocation list`.
        wanted: &'static str,
    },
    /// A certificate that cannot be read, or whose key is not its own.
    #[error("{} and {} do not go together: {cause}", certificate.display(), key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// No root to verify by.
    #[error("this machine has no root certificates; name a file with `tls.ca`")]
    NoRoots,
    /// The library refuses what the files say together.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Setup(error.to_string())
    }
}
