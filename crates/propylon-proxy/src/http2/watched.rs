//! The socket under an HTTP/2 connection: its frames are followed, and nobody reads from it without a pause.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::FrameWatch;

/// After this many reads the other tasks of the worker have their turn.
const READS_IN_A_ROW: u32 = 8;

/// A socket whose incoming frames are followed.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    io: S,
    /// What had been read before it was known which version is spoken.
    before: Vec<u8>,
    watch: Rc<RefCell<FrameWatch>>,
    reads: u32,
}

impl<S> Watched<S> {
    pub(crate) fn new(io: S, before: Vec<u8>, watch: Rc<RefCell<FrameWatch>>) -> Self {
        Self {
            io,
            before,
            watch,
            reads: 0,
        }
    }

    fn see(&self, bytes: &[u8]) {
        self.watch.borrow_mut().see(bytes, Instant::now());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.watch.borrow().is_flooding() {
            // Whoever drives the connection looks at this next, and ends it.
            return Poll::Pending;
        }
        if !self.before.is_empty() {
            let taken = self.before.len().min(buffer.remaining());
            let rest = self.before.split_off(taken);
            let piece = std::mem::replace(&mut self.before, rest);
            buffer.put_slice(&piece);
            self.see(&piece);
            return Poll::Ready(Ok(()));
        }
        if self.reads == READS_IN_A_ROW {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        self.reads = if read.is_ready() { self.reads + 1 } else { 0 };
        let new = buffer.filled().get(before..).unwrap_or_default();
        if !new.is_empty() {
            self.see(new);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
