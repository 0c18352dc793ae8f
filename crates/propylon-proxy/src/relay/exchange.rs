//! One request and its answer between two sockets: the only place where both are driven at once.
//!
//! Everything is polled from one task. Bytes are read into the worker's one buffer and sent on in
//! the same breath; a stream that is quiet holds no buffer at all.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use propylon_config::{ClientTimeouts, Limits, UpstreamTimeouts};
use propylon_mcp::sse::framer::Framer;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use super::body::Body;
use super::inbound::Inbound;
use super::outbound::Outbound;
use crate::client::connection::{ClientConnection, Transport};
use crate::error::ProxyError;
use crate::http1::framing::Framing;
use crate::http1::head::{HeadLimits, ResponseHead, Version};
use crate::phase::answer::{self, Encoding};
use crate::reason::Reason;
use crate::worker::{Scratch, Stage, Worker};

/// An answer that never pauses lets the other exchanges of its worker have their turn.
const READS_IN_A_ROW: usize = 4;

/// A response's head with whatever came behind it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) head: ResponseHead,
}

/// How long each side may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) client: ClientTimeouts,
    pub(crate) upstream: UpstreamTimeouts,
}

/// An exchange under way.
#[derive(Debug)]
pub(crate) struct Exchange<'a, S> {
    worker: &'a Worker,
    client: &'a mut ClientConnection<S>,
    upstream: &'a mut TcpStream,
    patience: Patience,
    limits: &'a Limits,
    request: Inbound,
    to_upstream: Outbound,
    response: Inbound,
    to_client: Outbound,
    /// The client's version, which decides whether interim responses can be shown to it.
    version: Version,
    /// The upstream stopped taking the request; its answer may still come.
    upload_refused: bool,
    /// The response head so far, or a head and the start of a body on their way to the client.
    opening: Vec<u8>,
    /// The beginning of a body that had not arrived when the request was classified.
    capture: Option<Vec<u8>>,
    /// Present for event streams.
    framer: Option<Framer>,
    /// Whether an event stream may be ended between events when the grace of a drain is over.
    may_end: bool,
    has_head: bool,
    started: Instant,
    upload_moved: Instant,
    answer_moved: Instant,
    client_stuck: Option<Instant>,
    pub(crate) tally: Tally,
}

/// What passed through.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) events: u64,
    /// The upstream sent more than its answer: its connection cannot be used again.
    pub(crate) surplus: bool,
}

/// What an exchange begins with.
pub(crate) struct Opening<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) patience: Patience,
    pub(crate) version: Version,
    /// The request's body, of which the first bytes have left,
    pub(crate) body: Body,
    /// but for these.
    pub(crate) unsent: Vec<u8>,
    pub(crate) started: Instant,
}

/// What the answer begins with.
pub(crate) struct Answer {
    /// The head as the client gets it.
    pub(crate) head: Vec<u8>,
    /// What came behind the upstream's head.
    pub(crate) behind: Vec<u8>,
    pub(crate) framing: Framing,
    pub(crate) encoding: Encoding,
    pub(crate) is_event_stream: bool,
    pub(crate) may_end: bool,
}

impl<'a, S: Transport> Exchange<'a, S> {
    pub(crate) fn new(
        worker: &'a Worker,
        client: &'a mut ClientConnection<S>,
        upstream: &'a mut TcpStream,
        opening: Opening<'a>,
    ) -> Self {
        let now = Instant::now();
        let mut body = opening.body;
        let request_bytes = body.data().len() as u64;
        let capture = body.take_capture();
        let Body {
            inbound: request,
            outbound: mut to_upstream,
            ..
        } = body;
        to_upstream.keep(&opening.unsent);
        Self {
            worker,
            client,
            upstream,
            patience: opening.patience,
            limits: opening.limits,
            request,
            to_upstream,
            response: Inbound::new(Framing::UntilClose),
            to_client: Outbound::new(Encoding::Plain),
            version: opening.version,
            upload_refused: false,
            opening: Vec::new(),
            capture,
            framer: None,
            may_end: false,
            has_head: false,
            started: opening.started,
            upload_moved: now,
            answer_moved: now,
            client_stuck: None,
            tally: Tally {
                request_bytes,
                ..Tally::default()
            },
        }
    }

    /// Waits for the response's head, sending the rest of the request meanwhile.
    pub(crate) async fn receive_head(&mut self) -> Result<Received, ProxyError> {
        poll_fn(|cx| {
            self.poll_upload(cx)?;
            // Interim responses that the client does not take are not piled up here.
            if self.poll_client(cx)?.is_ready()
                && let Some(received) = self.read_head(cx)?
            {
                self.has_head = true;
                return Poll::Ready(Ok(received));
            }
            if self.worker.stage() == Stage::Ending {
                return Poll::Ready(Err(Reason::Draining.into()));
            }
            self.poll_bystanders(cx)?;
            Poll::Pending
        })
        .await
    }

    /// Sends the answer on as it comes, to its end.
    pub(crate) async fn relay(&mut self, answer: Answer) -> Result<(), ProxyError> {
        self.response = Inbound::new(answer.framing);
        self.to_client.set_encoding(answer.encoding);
        self.framer = answer.is_event_stream.then(Framer::new);
        self.may_end = answer.may_end;
        self.opening = answer.head;
        let mut behind = Some(answer.behind);
        poll_fn(|cx| {
            if let Some(mut behind) = behind.take() {
                self.pass_on(cx, &mut behind)?;
            }
            if self.poll_download(cx)?.is_ready() {
                return Poll::Ready(Ok(()));
            }
            self.poll_upload(cx)?;
            if self.worker.stage() == Stage::Ending {
                return self.end_early(cx);
            }
            self.poll_bystanders(cx)?;
            Poll::Pending
        })
        .await
    }

    /// What the peek can see now of a body that it could not see whole before.
    pub(crate) fn captured(&self) -> Option<&[u8]> {
        self.capture.as_deref()
    }

    /// Whether the whole request has been read.
    pub(crate) fn is_request_read(&self) -> bool {
        self.request.is_done()
    }

    /// Whether the whole request has been sent on.
    pub(crate) fn is_uploaded(&self) -> bool {
        self.request.is_done() && self.to_upstream.is_flushed()
    }

    /// Moves the request's body from the client to the upstream, as far as both sockets let it.
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<(), ProxyError> {
        let worker = self.worker;
        while !self.upload_refused {
            match self.to_upstream.poll_flush(cx, self.upstream) {
                Poll::Pending => return Ok(()),
                // The server may have answered and closed without reading on: let it speak.
                Poll::Ready(Err(_)) => self.upload_refused = true,
                Poll::Ready(Ok(())) if self.request.is_done() => return Ok(()),
                Poll::Ready(Ok(())) => {
                    let Scratch { input, output } = &mut *worker.scratch();
                    let Poll::Ready(read) = poll_read(&mut self.client.io, cx, input) else {
                        return Ok(());
                    };
                    let read = read.map_err(|error| ProxyError::client_io(&error))?;
                    if read == 0 {
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

    /// Reads until a final response head is whole; interim ones go to the client on their own.
    fn read_head(&mut self, cx: &mut Context<'_>) -> Result<Option<Received>, ProxyError> {
        let worker = self.worker;
        while self.to_client.is_flushed() {
            let Scratch { input, output } = &mut *worker.scratch();
            let Poll::Ready(read) = poll_read(self.upstream, cx, input) else {
                return Ok(None);
            };
            let read = read.map_err(|error| ProxyError::upstream_io(&error))?;
            if read == 0 {
                return Err(Reason::UpstreamClosed.into());
            }
            self.answer_moved = Instant::now();
            self.opening
                .extend_from_slice(input.get(..read).unwrap_or_default());
            while let Some(head) = self.parse_head()? {
                if head.status >= 200 {
                    return Ok(Some(Received {
                        bytes: std::mem::take(&mut self.opening),
                        head,
                    }));
                }
                self.show_interim(cx, &head, output)?;
            }
        }
        // Whoever wrote last asked the client's socket to wake this task.
        Ok(None)
    }

    fn parse_head(&self) -> Result<Option<ResponseHead>, ProxyError> {
        if self.opening.is_empty() {
            return Ok(None);
        }
        let limits = HeadLimits {
            bytes_max: usize::try_from(self.limits.header_bytes).unwrap_or(usize::MAX),
            count_max: self.limits.header_count,
        };
        ResponseHead::parse(&self.opening, limits).map_err(ProxyError::bad_response)
    }

    /// 100 and 103 are for the client; 101 answers an upgrade that was never asked for.
    fn show_interim(
        &mut self,
        cx: &mut Context<'_>,
        head: &ResponseHead,
        out: &mut Vec<u8>,
    ) -> Result<(), ProxyError> {
        if head.status == 101 {
            return Err(ProxyError::found(
                Reason::UpstreamResponseInvalid,
                "101 without an upgrade",
            ));
        }
        let rest = self.opening.split_off(head.len);
        let interim = std::mem::replace(&mut self.opening, rest);
        if self.version == Version::Http11 {
            out.clear();
            answer::write_interim(&interim, head, out);
            let sent = self.to_client.send(cx, &mut self.client.io, out);
            sent.map_err(|error| ProxyError::client_io(&error))?;
        }
        Ok(())
    }

    /// Moves the answer from the upstream to the client. Ready when all of it has been written.
    fn poll_download(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, ProxyError> {
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
            } else if self.response.close() {
                output.clear();
                self.to_client.encode_end(&[], output);
                self.send_to_client(cx, output)?;
            } else {
                return Err(Reason::UpstreamClosed.into());
            }
        }
        cx.waker().wake_by_ref();
        Ok(Poll::Pending)
    }

    /// Sends the head and what of the body came with it in one write.
    fn pass_on(&mut self, cx: &mut Context<'_>, behind: &mut [u8]) -> Result<(), ProxyError> {
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
        if let Some(framer) = &mut self.framer {
            self.tally.events += framer.push(data).events_completed as u64;
        }
        if self.opening.is_empty() && self.to_client.is_plain() {
            return self.send_to_client(cx, data);
        }
        out.clear();
        out.append(&mut self.opening);
        self.opening = Vec::new();
        self.to_client.encode(data, out);
        if self.response.is_done() {
            self.to_client.encode_end(self.response.trailers(), out);
        }
        self.send_to_client(cx, out)
    }

    fn send_to_client(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Result<(), ProxyError> {
        self.to_client
            .send(cx, &mut self.client.io, bytes)
            .map_err(|error| ProxyError::client_io(&error))
    }

    /// Pending while the client's socket is full: then nothing more is read from the upstream.
    fn poll_client(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, ProxyError> {
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

    /// What else can end an exchange while both sockets are quiet: the client leaves, time is up.
    fn poll_bystanders(&mut self, cx: &mut Context<'_>) -> Result<(), ProxyError> {
        if self.request.is_done() || self.upload_refused {
            self.client.poll_gone(self.worker, cx, self.limits)?;
        }
        let (due, reason) = self.next_deadline();
        if self.client.deadline.poll(cx, due).is_ready() {
            return Err(reason.into());
        }
        Ok(())
    }

    fn next_deadline(&self) -> (Instant, Reason) {
        let (client, upstream) = (self.patience.client, self.patience.upstream);
        let next = if !self.is_uploaded() && !self.upload_refused {
            match self.to_upstream.is_flushed() {
                true => (
                    self.upload_moved + client.body_idle,
                    Reason::ClientBodyTimeout,
                ),
                false => (
                    self.upload_moved + upstream.response_head,
                    Reason::ResponseTimeout,
                ),
            }
        } else if !self.has_head {
            (
                self.upload_moved + upstream.response_head,
                Reason::ResponseTimeout,
            )
        } else if let Some(since) = self.client_stuck {
            (since + client.write_idle, Reason::ClientWriteTimeout)
        } else {
            (self.answer_moved + upstream.idle, Reason::IdleTimeout)
        };
        let whole = (self.started + upstream.stream, Reason::StreamTimeout);
        if whole.0 < next.0 { whole } else { next }
    }

    /// The grace of a drain is over. A stream nobody would call unfinished ends as a whole one, so
    /// that its client opens another elsewhere; everything else is cut, and seen to be cut.
    fn end_early(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        let between = self.framer.as_ref().is_some_and(Framer::is_between_events);
        if !(self.may_end && between && self.to_client.is_flushed()) {
            return Poll::Ready(Err(Reason::Draining.into()));
        }
        let mut end = Vec::new();
        self.to_client.encode_end(&[], &mut end);
        self.tally.surplus = true;
        Poll::Ready(self.send_to_client(cx, &end))
    }
}

/// Reads once into the worker's buffer.
pub(crate) fn poll_read(
    io: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    into: &mut [u8],
) -> Poll<std::io::Result<usize>> {
    let mut buffer = ReadBuf::new(into);
    Pin::new(io)
        .poll_read(cx, &mut buffer)
        .map_ok(|()| buffer.filled().len())
}
