//! The answer's body on its way to the client.

use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Instant;

use super::super::watch::Progress;
use super::{Exchange, poll_read};
use crate::client::connection::Transport;
use crate::error::ProxyError;
use crate::reason::Reason;
use crate::worker::Scratch;

/// An answer that never pauses lets the other exchanges of its worker have their turn.
const READS_IN_A_ROW: usize = 4;

impl<S: Transport> Exchange<'_, S> {
    /// Moves the answer from the upstream to the client. Ready when all of it has been written.
    pub(super) fn poll_download(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, ProxyError> {
        let worker = self.worker;
        for _ in 0..READS_IN_A_ROW {
            if self.poll_client(cx)?.is_pending() {
                return Ok(Poll::Pending);
            }
            if self.response.is_done() {
                return Ok(Poll::Ready(()));
            }
            let Scratch { input, output } = &mut *worker.scratch();
            let Poll::Ready(read) = poll_read(self.upstream, cx, input) else {
                return Ok(Poll::Pending);
            };
            let read = read.map_err(|error| ProxyError::upstream_io(&error))?;
            self.answer_moved = Instant::now();
            if read > 0 {
                self.download(cx, input.get_mut(..read).unwrap_or_default(), output)?;
            } else if self.response.close(self.upstream.take_trailers()) {
                self.download(cx, &mut [], output)?;
            } else {
                return Err(Reason::UpstreamClosed.into());
            }
        }
        cx.waker().wake_by_ref();
        Ok(Poll::Pending)
    }

    /// Sends the head and what of the body came with it in one write.
    pub(super) fn pass_on(
        &mut self,
        cx: &mut Context<'_>,
        behind: &mut [u8],
    ) -> Result<(), ProxyError> {
        let worker = self.worker;
        let output = &mut worker.scratch().output;
        self.download(cx, behind, output)
    }

    fn download(
        &mut self,
        cx: &mut Context<'_>,
        piece: &mut [u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ProxyError> {
        let taken = self.response.take(piece);
        let progress =
            taken.map_err(|what| ProxyError::found(Reason::UpstreamResponseInvalid, what))?;
        self.tally.surplus |= progress.consumed < piece.len();
        let data = piece.get(..progress.data).unwrap_or_default();
        self.tally.response_bytes += data.len() as u64;
        let is_end = self.response.is_done();
        if is_end {
            self.client.io.set_trailers(self.response.trailers());
        }
        let stream = self.stream.as_mut();
        let passed = stream.and_then(|stream| stream.hold_back(data, is_end));
        let data = passed.as_deref().unwrap_or(data);
        let mark_to_end = self.follow(data);
        if self.opening.is_empty() && self.to_client.is_plain() && mark_to_end == 0 {
            return self.send_to_client(cx, data);
        }
        out.clear();
        out.append(&mut self.opening);
        self.opening = Vec::new();
        let (mark, data) = data.split_at_checked(mark_to_end).unwrap_or((&[], data));
        if !mark.is_empty() {
            self.to_client.encode(mark, out);
            self.to_client.encode(b"\n", out);
        }
        self.to_client.encode(data, out);
        if self.response.is_done() {
            self.to_client.encode_end(self.response.trailers(), out);
        }
        self.send_to_client(cx, out)
    }

    /// Follows an event stream's events, and lets the watch see any answer. A byte order mark of that
    /// many bytes is to get a line of its own, where a comment of ours stands before it.
    fn follow(&mut self, data: &[u8]) -> usize {
        let Some(stream) = &mut self.stream else {
            let progress = Progress::of_body(self.response.is_done());
            for watch in &mut self.watches {
                watch.see(data, progress);
            }
            return 0;
        };
        let mark_to_end = stream.mark_to_end(data);
        let completed = stream.take(data);
        self.tally.events += completed;
        let progress = Progress::of_stream(completed, stream.is_between_events());
        for watch in &mut self.watches {
            watch.see(data, progress);
        }
        mark_to_end.unwrap_or_default()
    }

    /// When a quiet stream is to be seen to; not while its client does not read.
    pub(super) fn turn_due(&self) -> Option<Instant> {
        let stream = self.stream.as_ref()?;
        let is_flushed = self.to_client.is_flushed();
        stream
            .turn_due(self.answer_moved)
            .filter(|_| is_flushed && !self.response.is_done())
    }

    /// Puts a comment into a quiet stream: no hop ahead takes it for dead, and a client that is gone
    /// is noticed. The upstream's own silence goes on for all that.
    pub(super) fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), ProxyError> {
        let stream = self.stream.as_mut();
        let Some(comment) =
            stream.and_then(|stream| stream.turn(self.answer_moved, Instant::now()))
        else {
            return Ok(());
        };
        let worker = self.worker;
        let output = &mut worker.scratch().output;
        output.clear();
        self.to_client.encode(comment, output);
        self.send_to_client(cx, output)?;
        worker
            .shared
            .metrics
            .keepalive_comments
            .fetch_add(1, Ordering::Relaxed);
        // A client that does not take it is waited for as for any other byte.
        self.poll_client(cx).map(drop)
    }

    pub(super) fn send_to_client(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Result<(), ProxyError> {
        self.to_client
            .send(cx, &mut self.client.io, bytes)
            .map_err(|error| ProxyError::client_io(&error))
    }

    /// Pending while the client's socket is full: then nothing more is read from the upstream.
    pub(super) fn poll_client(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, ProxyError> {
        let before = self.to_client.waiting();
        let flushed = self.to_client.poll_flush(cx, &mut self.client.io);
        match flushed.map_err(|error| ProxyError::client_io(&error))? {
            Poll::Ready(()) => {
                self.client_stuck = None;
                Ok(Poll::Ready(()))
            }
            Poll::Pending => {
                if self.to_client.waiting() != before || self.client_stuck.is_none() {
                    self.client_stuck = Some(Instant::now());
                }
                Ok(Poll::Pending)
            }
        }
    }
}
