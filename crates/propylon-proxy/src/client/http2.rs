//! One HTTP/2 connection of a client: it is driven here, and each of its streams has a task of its own.

mod stream;

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Ping, PingPong, Reason as Code, RecvStream};
use propylon_config::Limits;

use crate::client::connection::Transport;
use crate::http2::frames::FrameWatch;
use crate::http2::watched::Watched;
use crate::http2::{SEND_BUFFER_BYTES, STREAM_WINDOW_BYTES};
use crate::phase::forwarded::Ends;
use crate::reason::Reason;
use crate::record::Record;
use crate::relay::deadline::Deadline;
use crate::worker::{Stage, Worker};

/// How far a client may send ahead on all of its streams together.
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// What HPACK counts for a field besides its name and value (RFC 7541, 4.1).
const FIELD_OVERHEAD_BYTES: u64 = 32;

/// How long a connection that is being closed may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A connection at work.
struct Driver<S> {
    worker: Rc<Worker>,
    connection: Connection<Watched<S>, Bytes>,
    watch: Rc<RefCell<FrameWatch>>,
    ends: Rc<Ends>,
    /// Why every request on it is refused.
    refusal: Option<Reason>,
    pings: Option<PingPong>,
    /// Since when the client has owed a sign of life.
    asked: Option<Instant>,
    idle_since: Instant,
    is_leaving: bool,
    /// By when a connection that is being closed is over.
    over_at: Option<Instant>,
    deadline: Deadline,
}

/// What is due next on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// A request's head has taken too long.
    Head,
    /// Nobody has asked for anything for a while.
    Idle,
    /// The client is asked whether it is still there.
    Sign,
    /// It did not answer.
    Gone,
}

/// What is to be done after a look around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// There is something to send.
    Again,
    Wait,
    Over,
}

/// Serves a connection whose client speaks HTTP/2, of which the bytes in `before` have been read. With a `refusal` every
/// request is answered with it.
pub(crate) async fn serve<S: Transport>(
    worker: Rc<Worker>,
    io: S,
    before: Vec<u8>,
    ends: Rc<Ends>,
    refusal: Option<Reason>,
) {
    let tables = worker.tables();
    let now = Instant::now();
    let watch = FrameWatch::of_client(tables.limits.control_frames, now);
    let watch = Rc::new(RefCell::new(watch));
    let io = Watched::new(io, before, Rc::clone(&watch));
    let handshake = builder(&tables.limits).handshake(io);
    let patience = tables.timeouts.header_read;
    drop(tables);
    // Whoever says nothing, or nothing of HTTP/2, is told nothing.
    let Ok(Ok(mut connection)) = tokio::time::timeout(patience, handshake).await else {
        return;
    };
    let mut driver = Driver {
        pings: connection.ping_pong(),
        connection,
        worker,
        watch,
        ends,
        refusal,
        asked: None,
        idle_since: now,
        is_leaving: false,
        over_at: None,
        deadline: Deadline::new(),
    };
    if refusal.is_some() {
        driver.leave();
    }
    poll_fn(|cx| driver.poll(cx)).await;
}

fn builder(limits: &Limits) -> Builder {
    // What is beyond the limit and not far beyond it is answered by the proxy itself.
    let overhead = FIELD_OVERHEAD_BYTES * 2 * limits.header_count as u64;
    let list = 2 * limits.header_bytes + overhead;
    let mut builder = Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buffer_size(SEND_BUFFER_BYTES)
        .max_header_list_size(u32::try_from(list).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams_per_connection);
    builder
}

impl<S: Transport> Driver<S> {
    /// Ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.connection.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    self.begin(request, respond);
                    continue;
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "an HTTP/2 connection ended");
                    return Poll::Ready(());
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            match self.turn(cx) {
                Turn::Again => {}
                Turn::Wait => return Poll::Pending,
                Turn::Over => return Poll::Ready(()),
            }
        }
    }

    fn begin(&self, request: http::Request<RecvStream>, respond: SendResponse<Bytes>) {
        let begun = stream::Begun {
            request,
            respond,
            ends: Rc::clone(&self.ends),
            refusal: self.refusal,
        };
        // Boxed: a task is moved several times before and after its work, and most of these live for one answer.
        let served = Box::pin(stream::serve(Rc::clone(&self.worker), begun));
        tokio::task::spawn_local(served);
    }

    /// Looks at everything but the socket.
    fn turn(&mut self, cx: &mut Context<'_>) -> Turn {
        if let Some(at) = self.over_at {
            return match self.deadline.poll(cx, at) {
                Poll::Ready(()) => Turn::Over,
                Poll::Pending => Turn::Wait,
            };
        }
        if self.watch.borrow().is_flooding() {
            self.record(Reason::FrameLimit);
            return self.close(Code::ENHANCE_YOUR_CALM);
        }
        let has_streams = self.connection.has_streams();
        match self.worker.stage() {
            Stage::Draining if !self.is_leaving => return self.leave(),
            Stage::Ending if !has_streams => return self.close(Code::NO_ERROR),
            _ => {}
        }
        if has_streams {
            self.idle_since = Instant::now();
        }
        self.hear_pong(cx);
        loop {
            let (at, due) = self.next_due(has_streams);
            if self.deadline.poll(cx, at).is_pending() {
                return Turn::Wait;
            }
            return match due {
                Due::Idle => self.close(Code::NO_ERROR),
                Due::Gone => Turn::Over,
                Due::Head => {
                    self.record(Reason::ClientHeaderTimeout);
                    self.close(Code::ENHANCE_YOUR_CALM)
                }
                Due::Sign if self.ask() => Turn::Again,
                Due::Sign => continue,
            };
        }
    }

    fn next_due(&self, has_streams: bool) -> (Instant, Due) {
        let timeouts = self.worker.tables().timeouts;
        let watch = self.watch.borrow();
        let life = match (has_streams, self.asked) {
            (false, _) => (self.idle_since + timeouts.keep_alive, Due::Idle),
            (true, None) => (watch.last_read() + timeouts.ping, Due::Sign),
            (true, Some(asked)) => (asked + timeouts.ping, Due::Gone),
        };
        let head = watch
            .block_since()
            .map(|since| since + timeouts.header_read);
        match head.filter(|head| *head < life.0) {
            Some(head) => (head, Due::Head),
            None => life,
        }
    }

    /// Asks for a sign of life. False where it cannot be asked.
    fn ask(&mut self) -> bool {
        self.asked = Some(Instant::now());
        let pings = self.pings.as_mut();
        pings.is_some_and(|pings| pings.send_ping(Ping::opaque()).is_ok())
    }

    fn hear_pong(&mut self, cx: &mut Context<'_>) {
        if self.asked.is_some()
            && let Some(pings) = &mut self.pings
            && pings.poll_pong(cx).is_ready()
        {
            self.asked = None;
        }
    }

    /// Takes no new requests from now on, and lets those under way finish.
    fn leave(&mut self) -> Turn {
        self.is_leaving = true;
        self.connection.graceful_shutdown();
        Turn::Again
    }

    fn close(&mut self, code: Code) -> Turn {
        self.over_at = Some(Instant::now() + LAST_WORDS);
        self.connection.abrupt_shutdown(code);
        Turn::Again
    }

    /// Records what ends a connection as something that never became a request.
    fn record(&self, reason: Reason) {
        let mut record = Record::blank(&self.worker, self.ends.peer.ip().to_canonical());
        record.fail(&reason.into());
        record.finish(&self.worker);
    }
}
