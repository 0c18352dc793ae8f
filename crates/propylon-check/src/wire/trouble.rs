//! Why a measurement could not be made: what was tried, and what came instead.

use std::time::Duration;

use super::certificate::CertificateFault;

/// A failure of the wire, or an answer that no measurement can be read from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The name has no address.
    #[error("{0}; is the host name right? --resolve host:port:address names an address")]
    Resolve(String),
    /// No connection came about.
    #[error("{0}; is a server listening there?")]
    Dial(String),
    /// The TLS handshake failed.
    #[error("the TLS handshake with {host} failed: {cause}")]
    Tls {
        /// The name that was asked for.
        host: String,
        /// What the TLS library says.
        cause: String,
    },
    /// The server's certificate is not good.
    #[error("the certificate of {host} is not good: {fault}; --ca FILE trusts a private authority")]
    Certificate {
        /// The name that was asked for.
        host: String,
        /// What is wrong with it.
        fault: CertificateFault,
    },
    /// The connection ended where an answer was expected.
    #[error("the connection ended {when}: {how}")]
    Ended {
        /// Where in the exchange.
        when: &'static str,
        /// How.
        how: String,
    },
    /// Nothing came for too long.
    #[error("{what} did not come within {waited:?}")]
    Silent {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        waited: Duration,
    },
    /// What came is not HTTP.
    #[error("the answer is not HTTP: {0}")]
    Malformed(String),
    /// An answer that is HTTP, and not what the measurement needs.
    #[error("{0}")]
    Unexpected(String),
}

impl Trouble {
    /// An answer that is not what the measurement needs.
    pub(crate) fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected(what.into())
    }
}
