//! HTTP/2 on both sides: one stream of a connection is the byte stream of one HTTP/1.1 exchange.

pub(crate) mod frames;
pub(crate) mod head;
pub(crate) mod receive;
pub(crate) mod send;
pub(crate) mod watched;

use std::io;

/// What a client's connection begins with (RFC 9113, 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How far either side may send ahead on one stream.
pub(crate) const STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// How much a stream may have waiting for its connection's socket.
pub(crate) const SEND_BUFFER_BYTES: usize = 32 * 1024;

/// A stream's failure as that of a connection of its own.
pub(crate) fn into_io(error: h2::Error) -> io::Error {
    let kind = match error.get_io() {
        Some(inner) => inner.kind(),
        None => io::ErrorKind::ConnectionReset,
    };
    io::Error::new(kind, error)
}
