//! Takes a header from a socket, to its last byte and not beyond: what follows is TLS's or HTTP's.

use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::decode::{Malformed, Progress, Told, decode};

/// Why there is no header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// What came is none.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The connection ended first.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads the header of a connection; how long that may take is the caller's to say.
///
/// # Errors
/// What came instead of it.
pub async fn read(stream: &mut TcpStream) -> Result<Option<Told>, HeaderError> {
    let mut header = Vec::with_capacity(64);
    loop {
        let more = match decode(&header)? {
            Progress::Done(told) => return Ok(told),
            Progress::More(count) => count,
            Progress::RestOfLine(room) => line_part(stream, room).await?,
        };
        let read = header.len();
        header.resize(read + more, 0);
        stream
            .read_exact(header.get_mut(read..).unwrap_or_default())
            .await?;
    }
}

/// How many of the bytes that have come, `room` at most, belong to the line.
async fn line_part(stream: &TcpStream, room: usize) -> io::Result<usize> {
    let mut seen = vec![0; room];
    let count = stream.peek(&mut seen).await?;
    let seen = seen.get(..count).unwrap_or_default();
    match seen.iter().position(|byte| *byte == b'\n') {
        Some(end) => Ok(end + 1),
        None if count > 0 => Ok(count),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
