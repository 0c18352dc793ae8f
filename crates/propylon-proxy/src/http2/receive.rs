//! The body that comes in on a stream: its window opens as bytes are taken, never before.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::RecvStream;
use tokio::io::ReadBuf;

use super::{head, into_io};

/// A body being received.
#[derive(Debug)]
pub(crate) struct Receiving {
    stream: RecvStream,
    /// What has been taken from the stream and not been read yet.
    rest: Bytes,
    trailers: Vec<u8>,
    is_over: bool,
}

impl Receiving {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self {
            is_over: stream.is_end_stream(),
            stream,
            rest: Bytes::new(),
            trailers: Vec::new(),
        }
    }

    /// Whether the end has been seen, trailers and all.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over && self.rest.is_empty()
    }

    /// Whether nothing more comes, whether or not it has been read.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_over || self.stream.is_end_stream()
    }

    /// The trailer lines, once.
    pub(crate) fn take_trailers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.trailers)
    }

    /// Reads as much as there is room for and has come. Nothing is the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        while buffer.remaining() > 0 {
            if self.rest.has_remaining() {
                self.give(buffer)?;
                continue;
            }
            match self.poll_next(cx) {
                Poll::Ready(Ok(true)) => {}
                // What has been read comes first; the rest is found again.
                _ if buffer.filled().len() > before => break,
                Poll::Ready(Ok(false)) => break,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on to the end, or so far, for nobody: many clients do not look at an answer before they have said everything.
    pub(crate) async fn discard(&mut self, bytes_max: usize) {
        let mut discarded = self.rest.len();
        while discarded < bytes_max {
            if poll_fn(|cx| self.poll_next(cx)).await.unwrap_or(false) {
                let taken = self.rest.len();
                discarded += taken;
                // A stream that is gone has no window.
                let _ = self.stream.flow_control().release_capacity(taken);
            } else {
                return;
            }
        }
    }

    fn give(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
        let taken = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(taken));
        self.stream
            .flow_control()
            .release_capacity(taken)
            .map_err(into_io)
    }

    /// Takes the next piece from the stream. False at the end.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.is_over {
            return Poll::Ready(Ok(false));
        }
        if let Some(data) = ready!(self.stream.poll_data(cx)) {
            self.rest = data.map_err(into_io)?;
            return Poll::Ready(Ok(true));
        }
        let trailers = ready!(self.stream.poll_trailers(cx)).map_err(into_io)?;
        self.trailers = trailers
            .as_ref()
            .map(head::trailer_lines)
            .unwrap_or_default();
        self.is_over = true;
        Poll::Ready(Ok(false))
    }
}
