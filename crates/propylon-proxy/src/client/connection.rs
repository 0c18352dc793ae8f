//! One HTTP/1.1 connection of a client: its requests one after the other.

use std::fmt::Debug;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use propylon_config::Limits;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::client::{http2, own_answer};
use crate::error::ProxyError;
use crate::http1::head::{HeadLimits, RequestHead};
use crate::http2::PREFACE;
use crate::phase::forwarded::Ends;
use crate::pipeline;
use crate::reason::Reason;
use crate::relay::deadline::Deadline;
use crate::relay::exchange::poll_read;
use crate::worker::{Stage, Worker};

/// What carries a client's bytes: TCP, TLS over it, or one stream of an HTTP/2 connection.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Debug + 'static {
    /// Whether it knows itself where a body ends: then an end of the bytes is that, and no client that left.
    const ENDS_BODIES: bool = false;

    /// Makes the close that follows a reset: the client must not take what it has for the whole.
    fn abort(&mut self);

    /// The trailer lines behind a request's body that the transport has ended.
    fn take_trailers(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes the trailer lines of an answer that the transport is to end.
    fn set_trailers(&mut self, _lines: &[u8]) {}
}

impl Transport for TcpStream {
    fn abort(&mut self) {
        // A socket that refuses is already closed.
        let _ = socket2::SockRef::from(&*self).set_linger(Some(Duration::ZERO));
    }
}

/// Boxed: what TLS remembers is many times the size of a socket, and would stand in every future on the way to a request.
impl Transport for Box<TlsStream<TcpStream>> {
    fn abort(&mut self) {
        // Without the alert that ends TLS, and with a reset, nobody takes what came for the whole.
        self.get_mut().0.abort();
    }
}

/// A client's connection, between and during its requests.
#[derive(Debug)]
pub(crate) struct ClientConnection<S> {
    pub(crate) io: S,
    /// Bytes that came behind the current request.
    pub(crate) unread: Vec<u8>,
    pub(crate) deadline: Deadline,
    /// Until when a proxy that drains waits for the first request; `None` once there was one.
    first_due: Option<Instant>,
    /// Who is at its two ends.
    pub(crate) ends: Rc<Ends>,
}

/// What becomes of a connection after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    KeepAlive,
    /// The answer is whole; the rest of what the client sends is read away so that it can read it.
    Close,
    /// The answer is not whole and must not look so.
    Abort,
    /// The client has gone.
    Drop,
}

/// Whoever connected just before a drain began has its request on the way.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// How long the last bytes of an answer that is cut get to reach its client.
pub(crate) const DELIVERY: Duration = Duration::from_millis(100);

/// How long, and how much, a closing connection is read from: a close with unread bytes is a reset,
/// which can take the answer away from a client that is still sending.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
pub(crate) const LINGER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What is known of the version a client speaks before it says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http1,
    Http2,
    /// Its first bytes will tell.
    Either,
}

/// Serves a connection until either side closes it.
pub(crate) async fn serve<S: Transport>(worker: Rc<Worker>, io: S, ends: Rc<Ends>, spoken: Spoken) {
    let mut client = ClientConnection::new(io, ends);
    if spoken == Spoken::Either && client.begins_http2(&worker).await {
        return http2::serve(worker, client.io, client.unread, client.ends, None).await;
    }
    loop {
        let after = match client.read_request(&worker).await {
            Ok(Some(request)) => pipeline::exchange(&worker, &mut client, request).await,
            Ok(None) => return,
            Err(error) => own_answer::refuse(&worker, &mut client, error).await,
        };
        match after {
            After::KeepAlive if worker.stage() == Stage::Serving => {}
            After::KeepAlive | After::Close => return client.close(&worker).await,
            After::Abort => {
                // A reset overtakes what the kernel has not delivered yet.
                tokio::time::sleep(DELIVERY).await;
                return client.io.abort();
            }
            After::Drop => return,
        }
    }
}

impl<S: Transport> ClientConnection<S> {
    pub(crate) fn new(io: S, ends: Rc<Ends>) -> Self {
        Self {
            io,
            unread: Vec::new(),
            deadline: Deadline::new(),
            first_due: Some(Instant::now() + FIRST_REQUEST),
            ends,
        }
    }

    /// Waits until the first bytes tell whether HTTP/2 is spoken; they stay unread.
    async fn begins_http2(&mut self, worker: &Worker) -> bool {
        let timeouts = worker.tables().timeouts;
        let mut due = Instant::now() + timeouts.keep_alive;
        loop {
            let known = self.unread.len().min(PREFACE.len());
            if self.unread.get(..known) != PREFACE.get(..known) {
                return false;
            }
            if known == PREFACE.len() {
                return true;
            }
            if known > 0 {
                due = due.min(Instant::now() + timeouts.header_read);
            }
            if self.read_more(worker, due, known == 0).await != Read::Some {
                return false;
            }
        }
    }

    /// Waits for the next request's head. `None` when the connection is over without one.
    async fn read_request(&mut self, worker: &Worker) -> Result<Option<RequestHead>, ProxyError> {
        let tables = worker.tables();
        let (limits, timeouts) = (&tables.limits, &tables.timeouts);
        let head_limits = HeadLimits::of(limits);
        let mut began = (!self.unread.is_empty()).then(Instant::now);
        let idle_since = Instant::now();
        loop {
            let is_ripe = ends_in_blank_line(&self.unread)
                || self.unread.len() >= head_limits.bytes_max
                || is_another_protocol(&self.unread);
            let head = if is_ripe {
                RequestHead::parse(&mut self.unread, head_limits)
            } else {
                Ok(None)
            };
            if let Some(head) = head.map_err(ProxyError::bad_request)? {
                self.first_due = None;
                return Ok(Some(head));
            }
            let due = began.map_or(idle_since + timeouts.keep_alive, |began| {
                began + timeouts.header_read
            });
            match self.read_more(worker, due, began.is_none()).await {
                Read::Some => began = began.or_else(|| Some(Instant::now())),
                Read::Late if began.is_some() => return Err(Reason::ClientHeaderTimeout.into()),
                Read::Late | Read::Closed | Read::End => return Ok(None),
            }
        }
    }

    /// Waits for more bytes of a request's body; they end up in `unread`.
    pub(crate) async fn read_on(&mut self, worker: &Worker, patience: Duration) -> Read {
        self.read_more(worker, Instant::now() + patience, false)
            .await
    }

    async fn read_more(&mut self, worker: &Worker, due: Instant, between_requests: bool) -> Read {
        poll_fn(|cx| {
            let input = &mut worker.scratch().input;
            match poll_read(&mut self.io, cx, input) {
                Poll::Ready(Ok(0)) if S::ENDS_BODIES => return Poll::Ready(Read::End),
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Read::Closed),
                Poll::Ready(Ok(read)) => {
                    self.unread
                        .extend_from_slice(input.get(..read).unwrap_or_default());
                    return Poll::Ready(Read::Some);
                }
                Poll::Pending => {}
            }
            match worker.stage() {
                Stage::Draining if between_requests => {
                    let Some(first_due) = self.first_due else {
                        return Poll::Ready(Read::Closed);
                    };
                    let due = first_due.min(due);
                    return self.deadline.poll(cx, due).map(|()| Read::Closed);
                }
                Stage::Ending => return Poll::Ready(Read::Closed),
                Stage::Serving | Stage::Draining => {}
            }
            self.deadline.poll(cx, due).map(|()| Read::Late)
        })
        .await
    }

    /// Notices that the client has left while it waits for its answer. What it sends meanwhile is
    /// its next request, and kept for then.
    pub(crate) fn poll_gone(
        &mut self,
        worker: &Worker,
        cx: &mut Context<'_>,
        limits: &Limits,
    ) -> Result<(), ProxyError> {
        while (self.unread.len() as u64) < limits.header_bytes {
            let input = &mut worker.scratch().input;
            match poll_read(&mut self.io, cx, input) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(0)) if S::ENDS_BODIES => {}
                Poll::Ready(Ok(0)) => return Err(Reason::ClientClosed.into()),
                Poll::Ready(Err(error)) => return Err(ProxyError::client_io(&error)),
                Poll::Ready(Ok(read)) => self
                    .unread
                    .extend_from_slice(input.get(..read).unwrap_or_default()),
            }
        }
        Ok(())
    }

    /// Closes so that the client can still read its answer.
    pub(crate) async fn close(&mut self, worker: &Worker) {
        let due = Instant::now() + LINGER;
        // Over TLS there is something to send, which a client that reads nothing does not take.
        let ended = tokio::time::timeout_at(due.into(), self.io.shutdown()).await;
        if !matches!(ended, Ok(Ok(()))) {
            return;
        }
        let mut drained = 0;
        while drained < LINGER_BYTES_MAX {
            self.unread.clear();
            match self.read_more(worker, due, true).await {
                Read::Some => drained += self.unread.len(),
                Read::Late | Read::Closed | Read::End => return,
            }
        }
    }
}

/// What came of waiting for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    Some,
    Late,
    /// The body has ended.
    End,
    Closed,
}

/// Whether the first byte begins no method, as in a TLS handshake that came to the wrong port.
fn is_another_protocol(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_some_and(|byte| !byte.is_ascii_graphic() && !matches!(byte, b'\r' | b'\n'))
}

/// A cheap look before the parser: a client that sends a byte a second would have its head parsed
/// once a byte. A lone LF counts, so that the parser can refuse it.
fn ends_in_blank_line(bytes: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'\n', bytes.get(from..).unwrap_or_default()) {
        let next = from + at + 1;
        match bytes.get(next..) {
            Some([b'\n', ..] | [b'\r', b'\n', ..]) => return true,
            _ => from = next,
        }
    }
    false
}
