//! An address that has been judged, and what can go wrong when it is dialled.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// One address that the guard has judged; the only thing a connection can be made to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DialTarget {
    address: SocketAddr,
}

impl DialTarget {
    /// Judges an address under the operator's policy: what the operator wrote in the file is
    /// allowed, private addresses included.
    pub fn operator(address: SocketAddr) -> Self {
        Self { address }
    }

    /// For an address that [`judge_address`](super::judge::judge_address) has let through.
    pub(super) fn judged(address: SocketAddr) -> Self {
        Self { address }
    }

    /// The address that was judged.
    pub fn address(self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for DialTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// Whether a failed connection says that the instance is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialErrorKind {
    /// The host answered: nobody listens on that port.
    Refused,
    /// No answer, or no way there: the instance may still be alive.
    Unreachable,
}

/// A connection that could not be made. No byte of a request has left.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to {target:?}: {cause}")]
pub struct DialError {
    /// What was dialled.
    pub target: DialTarget,
    /// What the failure says about the instance.
    pub kind: DialErrorKind,
    cause: String,
}

impl DialError {
    pub(super) fn from_io(target: DialTarget, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => {
                DialErrorKind::Refused
            }
            _ => DialErrorKind::Unreachable,
        };
        Self {
            target,
            kind,
            cause: error.to_string(),
        }
    }

    pub(super) fn timed_out(target: DialTarget, after: Duration) -> Self {
        Self {
            target,
            kind: DialErrorKind::Unreachable,
            cause: format!("no answer within {after:?}"),
        }
    }
}
