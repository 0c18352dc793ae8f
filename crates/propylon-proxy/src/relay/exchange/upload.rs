//! The request's body on its way to the upstream.

use std::task::{Context, Poll};
use std::time::Instant;

use super::{Exchange, poll_read};
use crate::client::connection::Transport;
use crate::error::ProxyError;
use crate::reason::Reason;
use crate::worker::Scratch;

impl<S: Transport> Exchange<'_, S> {
    /// Moves the request's body from the client to the upstream, as far as both sockets let it.
    pub(super) fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<(), ProxyError> {
        let worker = self.worker;
        while !self.upload_refused {
            match self.to_upstream.poll_flush(cx, self.upstream) {
                Poll::Pending => return Ok(()),
                // The server may have answered and closed without reading on: let it speak.
                Poll::Ready(Err(_)) => self.upload_refused = true,
                Poll::Ready(Ok(())) if self.request.is_done() => {
                    self.upstream.end(self.request.trailers());
                    return Ok(());
                }
                Poll::Ready(Ok(())) => {
                    let Scratch { input, output } = &mut *worker.scratch();
                    let Poll::Ready(read) = poll_read(&mut self.client.io, cx, input) else {
                        return Ok(());
                    };
                    let read = read.map_err(|error| ProxyError::client_io(&error))?;
                    if read == 0 && !self.request.close(self.client.io.take_trailers()) {
                        return Err(Reason::ClientClosed.into());
                    }
                    self.upload(cx, input.get_mut(..read).unwrap_or_default(), output)?;
                }
            }
        }
        Ok(())
    }

    fn upload(
        &mut self,
        cx: &mut Context<'_>,
        piece: &mut [u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ProxyError> {
        let progress = self.request.take(piece)?;
        self.client
            .unread
            .extend_from_slice(piece.get(progress.consumed..).unwrap_or_default());
        self.tally.request_bytes += progress.data as u64;
        if self.tally.request_bytes > self.limits.body_bytes {
            return Err(Reason::BodyLimit.into());
        }
        self.upload_moved = Instant::now();
        let data = piece.get(..progress.data).unwrap_or_default();
        if let Some(capture) = &mut self.capture {
            let peek_bytes = usize::try_from(self.limits.peek_bytes).unwrap_or(usize::MAX);
            let room = peek_bytes.saturating_sub(capture.len());
            capture.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        }
        out.clear();
        self.to_upstream.encode(data, out);
        if self.request.is_done() {
            self.to_upstream.encode_end(self.request.trailers(), out);
        }
        if self.to_upstream.send(cx, self.upstream, out).is_err() {
            self.upload_refused = true;
        }
        Ok(())
    }
}
