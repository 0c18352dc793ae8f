//! One HTTP/2 connection of ours, begun by prior knowledge: its exchanges side by side, each in a job of its own.

mod inlet;
mod outflow;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use h2::server::{Builder, Connection as Carrier};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::clock::Stamp;
use super::dialogue::{answer, refuse};
use super::fleet::Place;
use super::message::{INVALID_REQUEST, Refusal};
use super::request::Connection;
use outflow::Outflow;

/// How every HTTP/2 connection begins (RFC 9113, 3.4), as far as it takes to tell it from a method of HTTP/1.1.
const PREFACE: &[u8] = b"PRI";
/// What a client may send on one stream before it is read, and on all of them.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;

/// What the exchanges of a connection share.
struct Shared {
    place: Place,
    connection: Arc<Connection>,
    ordinal: AtomicU64,
    open: AtomicUsize,
    /// When the last exchange ended, on the probe's clock.
    quiet_since_ns: AtomicU64,
    /// Told when the whole connection is to end at once.
    cut: Notify,
}

impl Shared {
    fn new(place: &Place, stream: &TcpStream) -> std::io::Result<Self> {
        let opened = place.fleet.clock.stamp();
        Ok(Self {
            connection: Arc::new(Connection {
                id: place.fleet.connection_ids.fetch_add(1, Ordering::Relaxed) + 1,
                peer: stream.peer_addr()?,
                local: stream.local_addr()?,
                opened,
            }),
            place: place.clone(),
            ordinal: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            quiet_since_ns: AtomicU64::new(opened.at_ns),
            cut: Notify::new(),
        })
    }

    /// Counts an exchange in: which of the connection it is, and for how long the connection carried none.
    fn begin(&self, received: Stamp) -> (u64, u64) {
        let ordinal = self.ordinal.fetch_add(1, Ordering::Relaxed) + 1;
        let beside = self.open.fetch_add(1, Ordering::Relaxed);
        let quiet = self.quiet_since_ns.load(Ordering::Relaxed);
        let idle_ns = match beside {
            0 => received.at_ns.saturating_sub(quiet),
            _ => 0,
        };
        (ordinal, idle_ns)
    }

    fn end(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        let now = self.place.fleet.clock.now_ns();
        self.quiet_since_ns.store(now, Ordering::Relaxed);
    }
}

/// Whether a client begins as HTTP/2 does; `None` when it sends nothing in time, or goes away.
pub(crate) async fn is_begun(place: &Place, stream: &TcpStream) -> Option<bool> {
    let look = async {
        let mut first = [0; PREFACE.len()];
        loop {
            match stream.peek(&mut first).await {
                Ok(count @ 1..) => {
                    let seen = first.get(..count).unwrap_or_default();
                    if seen == PREFACE || !PREFACE.starts_with(seen) {
                        return Some(seen == PREFACE);
                    }
                    // Peeking returns at once as long as a byte is there.
                    sleep(std::time::Duration::from_millis(2)).await;
                }
                _ => return None,
            }
        }
    };
    let wait = place.fleet.options.limits.head_wait;
    timeout(wait, look).await.unwrap_or(None)
}

/// One connection, from its preface to its end; `died` completes when the instance does.
pub(crate) async fn converse(place: &Place, stream: TcpStream, died: impl Future<Output = ()>) {
    let _ = stream.set_nodelay(true);
    // A second handle on the socket, for a reset once the first is with the protocol.
    let handle = std::os::fd::AsFd::as_fd(&stream).try_clone_to_owned();
    let (Ok(shared), Ok(handle)) = (Shared::new(place, &stream), handle) else {
        return;
    };
    let shared = Arc::new(shared);
    let limits = &place.fleet.options.limits;
    let head_bytes = u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX);
    let handshake = Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(head_bytes)
        .max_concurrent_streams(limits.streams_per_connection_max)
        .handshake(stream);
    let Ok(Ok(carrier)) = timeout(limits.head_wait, handshake).await else {
        return;
    };
    let is_reset = tokio::select! {
        () = exchanges(&shared, carrier) => false,
        () = shared.cut.notified() => false,
        () = died => true,
    };
    if is_reset {
        let _ = SockRef::from(&handle).set_linger(Some(std::time::Duration::ZERO));
    }
}

/// Takes exchanges until the client ends the connection, or it has been idle for the keep-alive time.
async fn exchanges(shared: &Arc<Shared>, mut carrier: Carrier<TcpStream, Bytes>) {
    let mut jobs = JoinSet::new();
    let mut is_ending = false;
    loop {
        while jobs.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = carrier.accept() => accepted,
            () = idle(shared), if !is_ending => {
                is_ending = true;
                carrier.graceful_shutdown();
                continue;
            }
        };
        let Some(Ok((request, respond))) = accepted else {
            return;
        };
        let shared = Arc::clone(shared);
        jobs.spawn(async move { exchange(&shared, request, respond).await });
    }
}

/// Completes when no exchange has been open for the keep-alive time.
async fn idle(shared: &Shared) {
    let fleet = &shared.place.fleet;
    let keep_alive = fleet.options.keep_alive;
    loop {
        let quiet = shared.quiet_since_ns.load(Ordering::Relaxed);
        let quiet = std::time::Duration::from_nanos(fleet.clock.now_ns().saturating_sub(quiet));
        let is_busy = shared.open.load(Ordering::Relaxed) > 0;
        match keep_alive.checked_sub(quiet) {
            _ if is_busy => sleep(keep_alive).await,
            Some(left) if !left.is_zero() => sleep(left).await,
            _ => return,
        }
    }
}

async fn exchange(
    shared: &Arc<Shared>,
    request: http::Request<h2::RecvStream>,
    respond: h2::server::SendResponse<Bytes>,
) {
    let received = shared.place.fleet.clock.stamp();
    let (ordinal, idle_ns) = shared.begin(received);
    let is_head = request.method() == http::Method::HEAD;
    let mut wire = Outflow::new(Arc::clone(shared), respond, is_head);
    match inlet::read(shared, request, (ordinal, idle_ns, received)).await {
        Some(Ok(request)) => answer(&shared.place, &Arc::new(request), &mut wire).await,
        Some(Err(bad)) => {
            let refusal = Refusal::new(bad.status, INVALID_REQUEST, bad.reason);
            refuse(&mut wire, &refusal, None).await;
        }
        None => {}
    }
    drop(wire);
    shared.end();
}
