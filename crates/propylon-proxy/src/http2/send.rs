//! The body that goes out on a stream: as much as its window has room for, to an end that is always said.

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};

use super::{head, into_io};

/// A body being sent.
#[derive(Debug)]
pub(crate) struct Sending {
    stream: SendStream<Bytes>,
    /// What is left of an announced length.
    left: Option<u64>,
    is_over: bool,
}

/// What is asked for at once of a window that other streams share: a frame's worth.
const PIECE_BYTES_MAX: usize = 16 * 1024;

impl Sending {
    /// `left` is the announced length, if there is one; `is_over` where the head was all.
    pub(crate) fn new(stream: SendStream<Bytes>, left: Option<u64>, is_over: bool) -> Self {
        Self {
            stream,
            left,
            is_over,
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let wanted = bytes.len().min(PIECE_BYTES_MAX);
        self.stream.reserve_capacity(wanted);
        while self.stream.capacity() == 0 {
            match ready!(self.stream.poll_capacity(cx)) {
                Some(capacity) => capacity.map_err(into_io)?,
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        let taken = wanted.min(self.stream.capacity());
        self.left = self.left.map(|left| left.saturating_sub(taken as u64));
        self.is_over = self.left == Some(0);
        let piece = bytes.get(..taken).unwrap_or_default();
        let sent = self
            .stream
            .send_data(Bytes::copy_from_slice(piece), self.is_over);
        Poll::Ready(sent.map(|()| taken).map_err(into_io))
    }

    /// Ends the body, with these trailer lines. One that is shorter than was announced is cut instead.
    pub(crate) fn finish(&mut self, trailers: &[u8]) {
        if self.is_over {
            return;
        }
        if self.left.is_some() {
            return self.abort(Reason::INTERNAL_ERROR);
        }
        self.is_over = true;
        // A stream that is gone needs no end.
        let _ = match head::trailer_fields(trailers) {
            Some(fields) => self.stream.send_trailers(fields),
            None => self.stream.send_data(Bytes::new(), true),
        };
    }

    /// Cuts the body, so that nobody takes it for whole.
    pub(crate) fn abort(&mut self, reason: Reason) {
        self.is_over = true;
        self.stream.send_reset(reason);
    }

    /// Ready with an error once the peer has given the stream up.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.stream.poll_reset(cx).map(|gone| match gone {
            Ok(_) => io::ErrorKind::ConnectionReset.into(),
            Err(error) => into_io(error),
        })
    }
}
