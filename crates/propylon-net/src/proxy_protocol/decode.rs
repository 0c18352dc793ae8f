//! From the bytes so far to the header, or to what it still takes.

use std::net::SocketAddr;

use super::{version1, version2};

/// What a balancer says of the connection that it passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The client.
    pub source: SocketAddr,
    /// Where the client connected to.
    pub destination: SocketAddr,
    /// Whether the client spoke TLS to the balancer (version 2, `PP2_TYPE_SSL`).
    pub is_secure: bool,
}

/// How far a header has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes more belong to it for certain.
    More(usize),
    /// The rest of a line belongs to it, of at most so many bytes.
    RestOfLine(usize),
    /// It is whole. `None` where the balancer speaks for itself, as in a health check, or does not know the client.
    Done(Option<Told>),
}

/// Bytes that are no header, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(super) &'static str);

/// Both versions can be told by as many bytes as version 2 signs with, and none is shorter.
const TOLD_BY: usize = version2::SIGNATURE.len();

/// Reads what there is of a header. Bytes behind a whole one are a mistake of the caller's.
///
/// # Errors
/// As soon as the bytes can become no header.
pub fn decode(bytes: &[u8]) -> Result<Progress, Malformed> {
    if bytes.starts_with(&version2::SIGNATURE) {
        return version2::decode(bytes);
    }
    if bytes.starts_with(version1::BEGINNING) && bytes.len() >= TOLD_BY {
        return version1::decode(bytes);
    }
    let can_become = |whole: &[u8]| {
        let length = bytes.len().min(whole.len());
        bytes.get(..length) == whole.get(..length)
    };
    match can_become(&version2::SIGNATURE) || can_become(version1::BEGINNING) {
        true => Ok(Progress::More(TOLD_BY - bytes.len())),
        false => Err(Malformed("it begins with no PROXY protocol header")),
    }
}
