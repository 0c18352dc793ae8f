//! One request and its answer between two sockets: the only place where both are driven at once.
//!
//! Everything is polled from one task. Bytes are read into the worker's one buffer and sent on in
//! the same breath; a stream that is quiet holds no buffer at all.

mod collect;
mod download;
mod head;
mod upload;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use propylon_config::{ClientTimeouts, Limits, UpstreamTimeouts};
use tokio::io::{AsyncRead, ReadBuf};

use super::body::Body;
use super::event_stream::EventStream;
use super::inbound::Inbound;
use super::outbound::Outbound;
use super::watch::Watch;
use crate::client::connection::{ClientConnection, Transport};
use crate::error::ProxyError;
use crate::http1::framing::Framing;
use crate::http1::head::{ResponseHead, Version};
use crate::phase::answer::Encoding;
use crate::reason::Reason;
use crate::upstream::link::Link;
use crate::worker::{Stage, Worker};

/// How long an event may take to end where its stream is to end: less than workers wait for each other.
const LAST_EVENT: Duration = Duration::from_millis(250);

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
    upstream: &'a mut Link,
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
    stream: Option<EventStream>,
    /// Whoever learns from the answer before its client sees it.
    pub(crate) watches: Vec<Watch>,
    has_head: bool,
    started: Instant,
    upload_moved: Instant,
    answer_moved: Instant,
    client_stuck: Option<Instant>,
    /// Until when an event under way is waited for, once the exchange is to end.
    ends_at: Option<Instant>,
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
    /// The client's version, and that of the link to the upstream.
    pub(crate) version: Version,
    pub(crate) link_version: Version,
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
    /// Present where the answer is an event stream.
    pub(crate) stream: Option<EventStream>,
}

impl<'a, S: Transport> Exchange<'a, S> {
    pub(crate) fn new(
        worker: &'a Worker,
        client: &'a mut ClientConnection<S>,
        upstream: &'a mut Link,
        opening: Opening<'a>,
    ) -> Self {
        let now = Instant::now();
        let mut body = opening.body;
        let request_bytes = body.data().len() as u64;
        let capture = body.take_capture();
        let mut to_upstream = Outbound::new(Encoding::of(body.framing(), opening.link_version));
        to_upstream.keep(&opening.unsent);
        Self {
            worker,
            client,
            upstream,
            patience: opening.patience,
            limits: opening.limits,
            request: body.inbound,
            to_upstream,
            response: Inbound::new(Framing::UntilClose),
            to_client: Outbound::new(Encoding::Plain),
            version: opening.version,
            upload_refused: false,
            opening: Vec::new(),
            capture,
            stream: None,
            watches: Vec::new(),
            has_head: false,
            started: opening.started,
            upload_moved: now,
            answer_moved: now,
            client_stuck: None,
            ends_at: None,
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
        self.stream = answer.stream;
        self.opening = answer.head;
        let notice = self.stream.as_mut().and_then(EventStream::take_notice);
        if let Some(notice) = notice {
            self.to_client.encode(notice, &mut self.opening);
        }
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

    /// Whether the server has said that it did not look at the request.
    pub(crate) fn is_refused(&self) -> bool {
        self.upstream.is_refused()
    }

    /// Whether the whole request has been read.
    pub(crate) fn is_request_read(&self) -> bool {
        self.request.is_done()
    }

    /// Whether the whole request has been sent on.
    pub(crate) fn is_uploaded(&self) -> bool {
        self.request.is_done() && self.to_upstream.is_flushed()
    }

    /// What else can end an exchange while both sockets are quiet: the client leaves, time is up.
    fn poll_bystanders(&mut self, cx: &mut Context<'_>) -> Result<(), ProxyError> {
        if self.request.is_done() || self.upload_refused {
            self.client.poll_gone(self.worker, cx, self.limits)?;
        }
        loop {
            let (due, reason) = self.next_deadline();
            let turn = self.turn_due().filter(|turn| *turn < due);
            let due = turn.unwrap_or(due);
            if self.client.deadline.poll(cx, due).is_pending() {
                return Ok(());
            }
            if turn.is_none() {
                return Err(reason.into());
            }
            self.turn(cx)?;
        }
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
    /// that its client opens another elsewhere, and an event under way is given a moment; everything
    /// else is cut, and seen to be cut.
    fn end_early(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        let Some(stream) = self.stream.as_ref().filter(|stream| stream.may_end()) else {
            return Poll::Ready(Err(Reason::Draining.into()));
        };
        if !(stream.is_between_events() && self.to_client.is_flushed()) {
            let due = *self
                .ends_at
                .get_or_insert_with(|| Instant::now() + LAST_EVENT);
            return match self.client.deadline.poll(cx, due) {
                Poll::Ready(()) => Poll::Ready(Err(Reason::Draining.into())),
                Poll::Pending => Poll::Pending,
            };
        }
        let mut end = Vec::new();
        self.to_client
            .encode(stream.last_word().as_bytes(), &mut end);
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
