//! One HTTP/2 connection to an instance, which carries the exchanges of many clients.

pub(crate) mod stream;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{Ping, PingPong, SendStream};
use propylon_config::Upstream;
use propylon_net::dial::DialTarget;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::http2::frames::FrameWatch;
use crate::http2::watched::Watched;
use crate::http2::{SEND_BUFFER_BYTES, STREAM_WINDOW_BYTES};
use crate::relay::deadline::Deadline;

/// Exchanges on one connection, however many more its server would take.
const STREAMS_MAX: u32 = 128;

/// Room for all of its streams at once: a client that does not read must not stop those of others.
const CONNECTION_WINDOW_BYTES: u32 = STREAMS_MAX * STREAM_WINDOW_BYTES;

/// How long a connection that nobody needs any more may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// An open connection. Its task ends when the last who holds this has gone.
#[derive(Debug)]
pub(crate) struct Session {
    send: RefCell<SendRequest<Bytes>>,
    /// Where it leads.
    pub(crate) target: DialTarget,
    scheme: &'static str,
    idle_max: Duration,
    open: Cell<u32>,
    /// When the last exchange on it ended.
    idle_since: Cell<Instant>,
    /// Its server takes no more exchanges on it.
    is_closed: Cell<bool>,
}

/// What drives a connection.
struct Driver<S: AsyncRead + AsyncWrite + Unpin> {
    connection: Connection<Watched<S>, Bytes>,
    session: Weak<Session>,
    watch: Rc<RefCell<FrameWatch>>,
    pings: Option<PingPong>,
    patience: Duration,
    /// Since when the server has owed a sign of life.
    asked: Option<Instant>,
    /// By when a connection that nobody needs is over.
    over_at: Option<Instant>,
    deadline: Deadline,
}

impl Session {
    /// Begins HTTP/2 on an open connection, and waits for the server to do so too: whoever does not speak it is found out
    /// before a request is at stake.
    ///
    /// # Errors
    /// What came of it, in words.
    pub(crate) async fn begin<S>(
        io: S,
        target: DialTarget,
        scheme: &'static str,
        config: &Upstream,
    ) -> Result<Rc<Self>, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let now = Instant::now();
        let watch = Rc::new(RefCell::new(FrameWatch::of_server(now)));
        let io = Watched::new(io, Vec::new(), Rc::clone(&watch));
        let handshake = builder().handshake(io).await;
        let (send, mut connection) = handshake.map_err(|error| error.to_string())?;
        poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Err("it closed the connection".to_owned())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.to_string())),
            Poll::Pending if watch.borrow().has_begun() => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        let session = Rc::new(Self {
            send: RefCell::new(send),
            target,
            scheme,
            idle_max: config.pool.idle,
            open: Cell::new(0),
            idle_since: Cell::new(now),
            is_closed: Cell::new(false),
        });
        let mut driver = Driver {
            pings: connection.ping_pong(),
            connection,
            session: Rc::downgrade(&session),
            watch,
            patience: config.timeouts.ping,
            asked: None,
            over_at: None,
            deadline: Deadline::new(),
        };
        tokio::task::spawn_local(async move {
            poll_fn(|cx| driver.poll(cx)).await;
            driver.close();
        });
        Ok(session)
    }

    /// Whether it can carry another exchange.
    pub(crate) fn has_room(&self) -> bool {
        if self.is_closed.get() {
            return false;
        }
        let mut send = self.send.borrow_mut();
        let limit = send.current_max_send_streams();
        let has_room = (self.open.get() as usize) < limit.min(STREAMS_MAX as usize);
        // A server that is about to leave is noticed here.
        let mut cx = Context::from_waker(Waker::noop());
        has_room && matches!(send.poll_ready(&mut cx), Poll::Ready(Ok(())))
    }

    /// Whether nothing has been on it for too long.
    pub(crate) fn is_idle(&self, now: Instant) -> bool {
        let idle = now.saturating_duration_since(self.idle_since.get());
        self.open.get() == 0 && idle >= self.idle_max
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// Takes no more exchanges.
    fn close(&self) {
        self.is_closed.set(true);
    }

    fn send(
        &self,
        request: http::Request<()>,
        is_ended: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let sent = self.send.borrow_mut().send_request(request, is_ended);
        sent.inspect_err(|_| self.close())
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buffer_size(SEND_BUFFER_BYTES);
    builder
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Ready when the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Poll::Ready(ended) = Pin::new(&mut self.connection).poll(cx) {
                if let Err(error) = ended {
                    tracing::debug!(%error, "an HTTP/2 connection to an instance ended");
                }
                return Poll::Ready(());
            }
            let has_streams = match self.session.upgrade() {
                Some(session) => session.open.get() > 0,
                None => return self.poll_over(cx),
            };
            if self.asked.is_some()
                && let Some(pings) = &mut self.pings
                && pings.poll_pong(cx).is_ready()
            {
                self.asked = None;
            }
            let heard = self.watch.borrow().last_read();
            let due = match (has_streams, self.asked) {
                (_, Some(asked)) => asked + self.patience,
                (true, None) => heard + self.patience,
                // Looked at again when there are streams.
                (false, None) => Instant::now() + self.patience,
            };
            if self.deadline.poll(cx, due).is_pending() {
                return Poll::Pending;
            }
            if self.asked.is_some() {
                return Poll::Ready(());
            }
            self.asked = Some(Instant::now());
            let asked = self
                .pings
                .as_mut()
                .map(|pings| pings.send_ping(Ping::opaque()));
            if !matches!(asked, Some(Ok(()))) {
                return Poll::Ready(());
            }
        }
    }

    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let over_at = *self
            .over_at
            .get_or_insert_with(|| Instant::now() + LAST_WORDS);
        self.deadline.poll(cx, over_at)
    }

    fn close(&self) {
        if let Some(session) = self.session.upgrade() {
            session.close();
        }
    }
}
