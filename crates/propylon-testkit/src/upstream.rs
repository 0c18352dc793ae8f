//! A scripted HTTP/1.1 server that writes down everything it sees and answers whatever bytes the test wants.

mod answer;
mod closed;
mod connection;
mod feed;
mod record;

use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

pub use answer::Answer;
pub(crate) use answer::Step;
pub use closed::{Blackhole, blackhole, refusing};
pub use feed::{EventFeed, Gate};
pub(crate) use record::Record;
pub use record::{Connection, End, Exchange};

type Script = dyn Fn(&Exchange) -> Answer + Send + Sync;
type Early = dyn Fn(&Exchange) -> Option<Answer> + Send + Sync;

/// What is done with a fresh connection before anything is read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// Requests are read and answered.
    Serve,
    /// The connection is closed at once.
    Close,
    /// The connection is reset at once.
    Reset,
    /// The connection stays open and nothing is ever read from it.
    Stall,
}

pub(crate) struct Shared {
    pub(crate) script: Box<Script>,
    pub(crate) early: Option<Box<Early>>,
    pub(crate) greeting: Mutex<Greeting>,
    pub(crate) record: Mutex<Record>,
    /// Connections now open, by number, so that a death can end them.
    pub(crate) open: Mutex<Vec<(usize, TcpStream)>>,
    pub(crate) idle: Mutex<Option<Duration>>,
    /// Counts deaths; a connection or acceptor of an earlier life ends itself.
    pub(crate) life: AtomicU64,
}

impl Shared {
    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Vec<(usize, TcpStream)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server. It stops, and resets what is open, when dropped.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Bound and never listening: keeps the port ours while the server is dead.
    _claim: Socket,
}

impl Upstream {
    /// Starts a server whose `script` answers each whole request.
    pub fn start(script: impl Fn(&Exchange) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), script)
    }

    /// Like [`start`](Self::start) on an address of the caller's choice, as for servers that share a port.
    ///
    /// # Panics
    /// When the address cannot be listened on.
    pub fn start_at(
        address: SocketAddr,
        script: impl Fn(&Exchange) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(address, Box::new(script), None)
    }

    /// Like [`start`](Self::start); `early` sees each request when its head is in and its body not yet read, and may
    /// answer there. Such a connection is closed after the answer.
    pub fn start_early(
        early: impl Fn(&Exchange) -> Option<Answer> + Send + Sync + 'static,
        script: impl Fn(&Exchange) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        Self::start_with(address, Box::new(script), Some(Box::new(early)))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDRESS` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How connections from now on are greeted.
    pub fn greet(&self, greeting: Greeting) {
        *self
            .shared
            .greeting
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = greeting;
    }

    /// Connections quiet for this long between requests are closed, as Node does after 5 s.
    pub fn close_idle_after(&self, idle: Duration) {
        *self
            .shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(idle);
    }

    /// Every request seen whole so far, in the order they were completed.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.record().exchanges.clone()
    }

    /// Every connection seen so far, with the raw bytes it brought and how it ended.
    pub fn connections(&self) -> Vec<Connection> {
        self.shared.record().connections.clone()
    }

    /// Waits up to `limit` for `count` whole requests.
    ///
    /// # Panics
    /// When fewer arrive.
    pub fn wait_for(&self, count: usize, limit: Duration) -> Vec<Exchange> {
        crate::wait::eventually(&format!("{count} requests at the upstream"), limit, || {
            self.shared.record().exchanges.len() >= count
        });
        self.exchanges()
    }

    /// Waits up to `limit` for the connection that carried `exchange` to end, and says how and when.
    ///
    /// # Panics
    /// When it stays open.
    pub fn wait_for_end(&self, exchange: &Exchange, limit: Duration) -> End {
        crate::wait::within(limit, || {
            self.shared.record().connections[exchange.connection].end
        })
        .unwrap_or_else(|| {
            panic!(
                "within {limit:?}: expected connection {} to end",
                exchange.connection
            )
        })
    }

    /// Stops listening and resets every open connection, as a killed process does. The port stays claimed: connecting
    /// is refused.
    pub fn die(&self) {
        self.shared.life.fetch_add(1, Ordering::SeqCst);
        // The acceptor is asleep in accept; one connection wakes it to see that its life is over.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        let open = std::mem::take(&mut *self.shared.open());
        for (number, stream) in open {
            self.shared.record().connections[number]
                .end
                .get_or_insert(End::Ours(Instant::now()));
            // Resets at once, where a close would wait for every thread that still holds the connection.
            let _ = rustix::net::connect_unspec(&stream);
            reset(&stream);
        }
        crate::wait::eventually(
            "the dead upstream to refuse",
            Duration::from_secs(2),
            || TcpStream::connect_timeout(&self.address, Duration::from_millis(200)).is_err(),
        );
    }

    /// Dies and leaves a port that swallows every attempt to connect, as a machine cut from the network does. Drop the
    /// guard before [`revive`](Self::revive).
    pub fn vanish(&self) -> Blackhole {
        self.die();
        closed::swallow(self.address).1
    }

    /// Listens again on the same port.
    ///
    /// # Panics
    /// When the port cannot be listened on.
    pub fn revive(&self) {
        let listener = crate::wait::within(Duration::from_secs(2), || listen(self.address).ok());
        accept(
            listener.expect("the port is still claimed by this upstream"),
            Arc::clone(&self.shared),
        );
    }

    fn start_with(address: SocketAddr, script: Box<Script>, early: Option<Box<Early>>) -> Self {
        let (claim, address) = claim(address);
        let listener = listen(address).expect("the port was just claimed");
        let shared = Arc::new(Shared {
            script,
            early,
            greeting: Mutex::new(Greeting::Serve),
            record: Mutex::default(),
            open: Mutex::default(),
            idle: Mutex::new(None),
            life: AtomicU64::new(0),
        });
        accept(listener, Arc::clone(&shared));
        Self {
            address,
            shared,
            _claim: claim,
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.die();
    }
}

/// A TCP socket bound to `address` and not listening: connecting to it is refused.
pub(crate) fn claim(address: SocketAddr) -> (Socket, SocketAddr) {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    );
    let socket = socket.expect("a socket can be made");
    socket
        .set_reuse_address(true)
        .expect("SO_REUSEADDR can be set");
    socket
        .bind(&address.into())
        .expect("a free port can be bound");
    let address = socket.local_addr().expect("a bound socket has an address");
    (socket, address.as_socket().expect("it is an IP address"))
}

/// Makes the coming close of `stream` an RST, also for its clones, and does it.
pub(crate) fn reset(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let _ = stream.shutdown(Shutdown::Read);
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let (socket, _) = claim(address);
    socket.listen(1024)?;
    Ok(socket.into())
}

fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let life = shared.life.load(Ordering::SeqCst);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if shared.life.load(Ordering::SeqCst) != life {
                return;
            }
            let Ok(stream) = stream else { return };
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || connection::serve(stream, &shared, life));
        }
    });
}
