//! One worker: a thread with a runtime, its own listeners, its own pool, and no lock on the way of a request.

mod accept;
mod arrival;
mod log_buffer;
mod woken;

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::{Duration, Instant};

use propylon_config::LogFormat;
use propylon_net::dial::Guard;
use slab::Slab;
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;

use crate::proxy::Shared;
use crate::record::{RequestId, RequestIds};
use crate::tables::Tables;
use crate::upstream::pool::Pool;
use accept::Listening;
use log_buffer::LogBuffer;
pub(crate) use woken::Woken;

/// How far a worker is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Serving,
    /// No new connections; what is under way may finish.
    Draining,
    /// The grace is over: what is still open ends now.
    Ending,
}

/// What a worker is told.
pub(crate) enum Command {
    /// A listener, with the address that the description gives it.
    Listen(std::net::TcpListener, std::net::SocketAddr),
    /// Closes the listener on this address; its connections go on.
    Unlisten(std::net::SocketAddr),
    /// A connection from a worker that has too many.
    Adopt(accept::Accepted<std::net::TcpStream>),
    Tables(Arc<Tables>),
    Stage(Stage),
}

/// The buffers that every read and write of a worker goes through.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) input: Box<[u8]>,
    pub(crate) output: Vec<u8>,
}

/// The tables as a worker hands them to its requests: counted without an atomic, so that workers on
/// different cores do not fight over one counter with every request.
#[derive(Debug, Clone)]
pub(crate) struct WorkerTables(
    #[expect(
        clippy::redundant_allocation,
        reason = "the inner count is shared between workers, the outer one is this worker's own"
    )]
    Rc<Arc<Tables>>,
);

impl std::ops::Deref for WorkerTables {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.0
    }
}

/// A worker's own state; shared between its tasks, never between threads.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    tables: RefCell<WorkerTables>,
    scratch: RefCell<Scratch>,
    pool: RefCell<Pool>,
    /// Asks for the names of registered servers, once one is dialled.
    guard: RefCell<Option<Rc<Guard>>>,
    log: LogBuffer,
    request_ids: RequestIds,
    stage: Cell<Stage>,
    /// One waker for each connection and stream, to tell them of a change of stage.
    tasks: RefCell<Slab<Waker>>,
    /// Listeners from which connections may still come.
    accepting: Cell<usize>,
    /// Told when the last connection or listener of a draining worker is gone.
    last_gone: Notify,
}

const READ_BYTES: usize = 64 * 1024;
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How long connections may take to end by themselves once they have been told to.
const LAST_GRACE: Duration = Duration::from_millis(500);

impl Worker {
    pub(crate) fn new(index: usize, shared: Arc<Shared>) -> Rc<Self> {
        let tables = shared.tables();
        Rc::new(Self {
            index,
            log: LogBuffer::new(shared.log_sender(), tables.log_format),
            shared,
            tables: RefCell::new(WorkerTables(Rc::new(tables))),
            scratch: RefCell::new(Scratch {
                input: vec![0; READ_BYTES].into(),
                output: Vec::new(),
            }),
            pool: RefCell::default(),
            guard: RefCell::default(),
            request_ids: RequestIds::new(),
            stage: Cell::new(Stage::Serving),
            tasks: RefCell::default(),
            accepting: Cell::new(0),
            last_gone: Notify::new(),
        })
    }

    /// Serves until it is told to end and its connections are gone.
    pub(crate) async fn run(self: Rc<Self>, mut commands: Receiver<Command>) {
        tokio::task::spawn_local(Rc::clone(&self).sweep());
        tokio::task::spawn_local(Rc::clone(&self).hand_over_log());
        let mut listening = Vec::new();
        let mut ends_at: Option<Instant> = None;
        while self.stage() == Stage::Serving || self.has_work() || !commands.is_empty() {
            let end = async {
                match ends_at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Stage(stage)) => {
                        listening.clear();
                        self.enter(stage);
                        ends_at = (stage == Stage::Ending).then(|| Instant::now() + LAST_GRACE);
                    }
                    Some(command) => self.obey(command, &mut listening),
                    None => break,
                },
                () = self.last_gone.notified() => {}
                () = end => break,
            }
        }
        // From now on nobody hands a connection over to a worker that is not there.
        drop(commands);
        self.flush_log();
    }

    /// Whether connections are open, or were taken and have not begun yet, or may still be taken.
    fn has_work(&self) -> bool {
        self.accepting.get() > 0 || self.shared.open_of(self.index) > 0
    }

    fn obey(self: &Rc<Self>, command: Command, listening: &mut Vec<Listening>) {
        match command {
            Command::Listen(listener, asked) => {
                listening.extend(Listening::start(self, listener, asked));
            }
            Command::Unlisten(address) => listening.retain(|known| known.address != address),
            Command::Adopt(accepted) => accept::adopt(self, accepted),
            Command::Tables(tables) => {
                self.log.set_format(tables.log_format);
                self.tables.replace(WorkerTables(Rc::new(tables)));
                self.guard.take();
            }
            Command::Stage(_) => {}
        }
    }

    async fn sweep(self: Rc<Self>) {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            self.pool().sweep(Instant::now());
        }
    }

    async fn hand_over_log(self: Rc<Self>) {
        loop {
            self.log.has_begun().await;
            tokio::time::sleep(log_buffer::HAND_OVER_AFTER).await;
            self.flush_log();
        }
    }

    fn flush_log(&self) {
        let lost = self.log.flush();
        self.shared
            .metrics
            .log_lines_dropped
            .fetch_add(lost, Ordering::Relaxed);
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage.get()
    }

    /// The description as it is now; a request keeps the one it began with.
    pub(crate) fn tables(&self) -> WorkerTables {
        self.tables.borrow().clone()
    }

    /// The buffers. Never held across an await.
    pub(crate) fn scratch(&self) -> RefMut<'_, Scratch> {
        self.scratch.borrow_mut()
    }

    /// The idle upstream connections. Never held across an await.
    pub(crate) fn pool(&self) -> RefMut<'_, Pool> {
        self.pool.borrow_mut()
    }

    /// What judges the addresses of registered servers; `None` where there are none, or no resolver.
    pub(crate) fn guard(&self) -> Option<Rc<Guard>> {
        let mut kept = self.guard.borrow_mut();
        if kept.is_none() {
            let made = self.tables().backends.as_ref()?.guard();
            let made = made.inspect_err(|error| tracing::error!(%error, "no name can be resolved"));
            *kept = made.ok().map(Rc::new);
        }
        kept.clone()
    }

    pub(crate) fn mint_request_id(&self) -> RequestId {
        self.request_ids.mint()
    }

    /// Two numbers that no other request has.
    pub(crate) fn mint_numbers(&self) -> (u64, u64) {
        self.request_ids.numbers()
    }

    /// Adds a line to the access log, where there is one.
    pub(crate) fn log(&self, write: impl FnOnce(&str, LogFormat, &mut Vec<u8>)) {
        if self.log.add(write) {
            self.flush_log();
        }
    }

    fn enter(&self, stage: Stage) {
        self.stage.set(stage);
        self.pool().clear();
        self.tasks
            .borrow()
            .iter()
            .for_each(|(_, waker)| waker.wake_by_ref());
    }
}
