//! New connections: taken, counted, and handed to the worker that has the least to do.

use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::{Command, Stage, Woken, Worker, arrival};
use crate::phase::forwarded::Ends;

/// After an error such as too many open files, accepting again at once would only spin.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
/// A closing listener is not kept open by those who keep coming.
const WAITING_MAX: usize = 4096;

/// A connection that has been taken and not begun.
pub(crate) struct Accepted<S> {
    stream: S,
    peer: SocketAddr,
    /// The address that the description gives its listener.
    asked: SocketAddr,
}

/// One open connection: it counts until it is dropped.
struct Open(Rc<Worker>);

/// Keeps a draining worker from ending while a listener may still take connections.
struct Accepting(Rc<Worker>);

/// A listener at work. When this is dropped it takes the connections that already wait for it, which
/// closing it would reset, and closes.
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    stop: Rc<Notify>,
}

impl Listening {
    /// Starts to accept on a listener.
    pub(super) fn start(
        worker: &Rc<Worker>,
        listener: StdListener,
        asked: SocketAddr,
    ) -> Option<Self> {
        let address = listener.local_addr().ok()?;
        let listener = TcpListener::from_std(listener)
            .inspect_err(|error| tracing::error!(%address, %error, "cannot accept on a listener"))
            .ok()?;
        let stop = Rc::new(Notify::new());
        let accepting = Accepting::begin(worker);
        let taking = accept(accepting, listener, asked, Rc::clone(&stop));
        tokio::task::spawn_local(taking);
        Some(Self { address, stop })
    }
}

impl Accepting {
    fn begin(worker: &Rc<Worker>) -> Self {
        worker.accepting.set(worker.accepting.get() + 1);
        Self(Rc::clone(worker))
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.accepting.set(self.0.accepting.get() - 1);
        self.0.last_gone.notify_one();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}

/// Takes over a connection that another worker accepted.
pub(super) fn adopt(worker: &Rc<Worker>, accepted: Accepted<StdStream>) {
    if let Some(accepted) = accepted.into_tokio() {
        begin(worker, accepted);
    }
}

impl Accepted<StdStream> {
    fn into_tokio(self) -> Option<Accepted<TcpStream>> {
        let Self {
            stream,
            peer,
            asked,
        } = self;
        let stream = TcpStream::from_std(stream).ok()?;
        Some(Accepted {
            stream,
            peer,
            asked,
        })
    }
}

async fn accept(accepting: Accepting, listener: TcpListener, asked: SocketAddr, stop: Rc<Notify>) {
    let worker = &accepting.0;
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            () = stop.notified() => return take_waiting(worker, listener, asked),
        };
        match accepted {
            Ok((stream, peer)) => {
                worker
                    .shared
                    .metrics
                    .connections
                    .fetch_add(1, Ordering::Relaxed);
                let accepted = Accepted {
                    stream,
                    peer,
                    asked,
                };
                if let Some(accepted) = hand_off(worker, accepted) {
                    begin(worker, accepted);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE_AFTER_ERROR) => {}
                    () = stop.notified() => return take_waiting(worker, listener, asked),
                }
            }
        }
    }
}

/// Takes the connections that wait for a listener about to close: the event loop may not have heard
/// of them yet, and closing would reset them.
fn take_waiting(worker: &Rc<Worker>, listener: TcpListener, asked: SocketAddr) {
    let Ok(listener) = listener.into_std() else {
        return;
    };
    for _ in 0..WAITING_MAX {
        let Ok((stream, peer)) = listener.accept() else {
            return;
        };
        let count = &worker.shared.metrics.connections;
        count.fetch_add(1, Ordering::Relaxed);
        if stream.set_nonblocking(true).is_ok() {
            let accepted = Accepted {
                stream,
                peer,
                asked,
            };
            adopt(worker, accepted);
        }
    }
}

/// Gives a fresh connection to the least loaded worker if this one is well above the mean:
/// `SO_REUSEPORT` spreads by hash, and streams that last for hours keep what it got wrong.
fn hand_off(worker: &Worker, accepted: Accepted<TcpStream>) -> Option<Accepted<TcpStream>> {
    // While workers end, the other one may not be there any more to take it.
    let serving = worker.stage() == Stage::Serving;
    let less_loaded = || worker.shared.less_loaded_than(worker.index);
    let Some(index) = serving.then(less_loaded).flatten() else {
        return Some(accepted);
    };
    let Accepted {
        stream,
        peer,
        asked,
    } = accepted;
    let stream = stream.into_std().ok()?;
    let accepted = Accepted {
        stream,
        peer,
        asked,
    };
    match worker.shared.send(index, Command::Adopt(accepted)) {
        Ok(()) => {
            let count = &worker.shared.metrics.handoffs;
            count.fetch_add(1, Ordering::Relaxed);
            None
        }
        Err(Command::Adopt(accepted)) => accepted.into_tokio(),
        Err(_) => None,
    }
}

fn begin(worker: &Rc<Worker>, accepted: Accepted<TcpStream>) {
    if propylon_net::listener::prepare(&accepted.stream).is_err() {
        return;
    }
    let worker = Rc::clone(worker);
    let open = Open::begin(&worker);
    tokio::task::spawn_local(async move {
        let _open = open;
        let _woken = Woken::register(&worker).await;
        let Ok(local) = accepted.stream.local_addr() else {
            return;
        };
        let Accepted {
            stream,
            peer,
            asked,
        } = accepted;
        arrival::receive(&worker, stream, Ends::plain(peer, local, asked)).await;
    });
}

impl Open {
    fn begin(worker: &Rc<Worker>) -> Self {
        worker.shared.count_open(worker.index, 1);
        Self(Rc::clone(worker))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let worker = &self.0;
        worker.shared.count_open(worker.index, -1);
        if worker.stage() != Stage::Serving {
            worker.last_gone.notify_one();
        }
    }
}
