//! Bytes on their way out, to either side: written at once, and only what the socket refuses is kept.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use crate::phase::answer::Encoding;

/// One direction's unsent bytes, and how its body is coded.
///
/// While nothing waits it owns no memory.
#[derive(Debug)]
pub(crate) struct Outbound {
    encoding: Encoding,
    waiting: Vec<u8>,
    sent: usize,
    /// The transport holds bytes that it has taken and not yet sent, as TLS may.
    is_held: bool,
}

impl Outbound {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            waiting: Vec::new(),
            sent: 0,
            is_held: false,
        }
    }

    pub(crate) fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = encoding;
    }

    /// Whether everything handed over has been written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.sent == self.waiting.len() && !self.is_held
    }

    /// How many bytes have not been written.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() - self.sent
    }

    /// Sends bytes as they are; what the socket does not take now waits, behind what already waits.
    pub(crate) fn send(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut (impl AsyncWrite + Unpin),
        bytes: &[u8],
    ) -> io::Result<()> {
        let mut rest = bytes;
        while self.is_flushed() && !rest.is_empty() {
            match Pin::new(&mut *io).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => rest = rest.get(written..).unwrap_or_default(),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        self.keep(rest);
        match self.release(cx, io) {
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    /// Makes the transport send what it has taken.
    fn release(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        let released = Pin::new(io).poll_flush(cx);
        self.is_held = released.is_pending();
        released
    }

    /// Codes a piece of the body behind what `out` already holds.
    pub(crate) fn encode(&self, data: &[u8], out: &mut Vec<u8>) {
        self.encoding.encode(data, out);
    }

    /// Codes the end of the body.
    pub(crate) fn encode_end(&self, trailers: &[u8], out: &mut Vec<u8>) {
        self.encoding.encode_end(trailers, out);
    }

    /// Whether data goes out byte for byte as it came in.
    pub(crate) fn is_plain(&self) -> bool {
        self.encoding != Encoding::Chunked
    }

    /// Writes what waits, and makes the transport send it.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        while self.sent < self.waiting.len() {
            let rest = self.waiting.get(self.sent..).unwrap_or_default();
            match Pin::new(&mut *io).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => self.sent += written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        if !self.waiting.is_empty() {
            (self.waiting, self.sent) = (Vec::new(), 0);
        }
        self.release(cx, io)
    }

    /// Keeps bytes that cannot be written yet.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }
}
