//! The proxy as a whole: started, reloaded, drained and ended from one thread.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use prometheus_client::registry::Registry;
use propylon_config::{AccessLog, Deployment};
use propylon_net::listener::{InheritError, Inherited, ListenError};
use propylon_net::tls::TlsError;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

use crate::access_log::{LogError, LogSender, LogWriter};
use crate::backends;
use crate::control::Control;
use crate::metrics::Metrics;
use crate::streams::Streams;
use crate::tables::Tables;
use crate::worker::{Command, Stage, Worker};

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    control: Control,
    log: Option<LogWriter>,
    /// The addresses asked for, each with the one that was bound.
    listening: Vec<(SocketAddr, SocketAddr)>,
    inherited: Inherited,
}

/// What the admin listener may know of a running proxy.
#[derive(Debug, Clone)]
pub struct Handle(Arc<Shared>);

/// Why a proxy could not start, or not take another description.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A socket that was passed to this process is for none of its listeners.
    #[error(transparent)]
    Inherit(#[from] InheritError),
    /// The access log could not be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file of TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gave no thread or no event loop.
    #[error("cannot start a worker: {0}")]
    Thread(#[from] std::io::Error),
}

/// What the workers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) metrics: Metrics,
    pub(crate) streams: Arc<Streams>,
    tables: ArcSwap<Tables>,
    open: Box<[Padded]>,
    senders: Box<[Sender<Command>]>,
    log: Option<LogSender>,
    ready: AtomicBool,
}

/// A counter alone on its cache line, so that workers do not fight over it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicUsize);

/// Commands a worker may be behind with; past that a connection stays where it was accepted.
const COMMANDS_MAX: usize = 1024;

impl Proxy {
    /// Binds every listener that has not been `inherited`, then starts the workers. Users register no servers.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is left running.
    pub fn start(deployment: &Deployment, inherited: Inherited) -> Result<Self, StartError> {
        Self::start_with(deployment, inherited, None)
    }

    /// The same, and the workers serve what is in the registry too.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is left running.
    pub fn start_with(
        deployment: &Deployment,
        inherited: Inherited,
        backends: Option<Arc<backends::Registry>>,
    ) -> Result<Self, StartError> {
        let count = deployment.workers.map_or_else(cores, NonZeroUsize::get);
        let wanted = deployment.listeners.iter().map(|listener| listener.address);
        inherited.check(&wanted.clone().collect::<Vec<_>>())?;
        let bound = bind_all(wanted, count, &inherited)?;
        let log = match deployment.log.access {
            AccessLog::Off => None,
            ref place => Some(LogWriter::start(place)?),
        };
        let control = Control::start()?;
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..count).map(|_| channel(COMMANDS_MAX)).unzip();
        let metrics = Metrics::default();
        if let Some(backends) = &backends {
            metrics.adopt(&backends.metrics);
        }
        let tables = Arc::new(Tables::new(deployment, backends, None, &metrics)?);
        control.watch(Arc::clone(&tables));
        let shared = Arc::new(Shared {
            metrics,
            streams: Arc::default(),
            tables: ArcSwap::new(tables),
            open: (0..count).map(|_| Padded::default()).collect(),
            senders: senders.into(),
            log: log.as_ref().map(LogWriter::sender),
            ready: AtomicBool::new(true),
        });
        let workers = receivers
            .into_iter()
            .enumerate()
            .map(|(index, receiver)| start_worker(index, Arc::clone(&shared), receiver))
            .collect::<Result<_, _>>()?;
        let mut proxy = Self {
            shared,
            workers,
            control,
            log,
            listening: Vec::new(),
            inherited,
        };
        proxy.listen(bound);
        Ok(proxy)
    }

    /// Where the proxy listens, port 0 replaced by the port that was given.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listening.iter().map(|(_, bound)| *bound)
    }

    /// What the admin listener asks.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }

    /// Takes another description, open exchanges untouched. Listeners that are new are bound
    /// first; the number of workers, and whether there is an access log at all, stay as they are.
    ///
    /// # Errors
    /// See [`StartError`]; then everything stays as it was.
    pub fn reload(&mut self, deployment: &Deployment) -> Result<(), StartError> {
        let result = self.try_reload(deployment);
        let metrics = &self.shared.metrics;
        let count = if result.is_ok() {
            &metrics.reloads
        } else {
            &metrics.reloads_refused
        };
        count.fetch_add(1, Ordering::Relaxed);
        result
    }

    /// Counts a description that was refused before it came this far.
    pub fn refuse_reload(&self) {
        self.shared
            .metrics
            .reloads_refused
            .fetch_add(1, Ordering::Relaxed);
    }

    fn try_reload(&mut self, deployment: &Deployment) -> Result<(), StartError> {
        let wanted: Vec<_> = deployment
            .listeners
            .iter()
            .map(|listener| listener.address)
            .collect();
        let new = wanted
            .iter()
            .filter(|address| !self.listening.iter().any(|(known, _)| known == *address));
        let bound = bind_all(new.copied(), self.workers.len(), &self.inherited)?;
        if let Some(log) = &self.log {
            log.reopen(&deployment.log.access)?;
        }
        let before = self.shared.tables();
        let backends = before.backends.clone();
        if backends.is_some() != deployment.backends.is_some() {
            tracing::warn!("`backends` begins or ends with the process: start it anew for that");
        }
        let tables = Tables::new(
            deployment,
            backends.clone(),
            Some(&before),
            &self.shared.metrics,
        )?;
        let tables = Arc::new(tables);
        if let Some(backends) = backends {
            backends.renew(deployment);
        }
        self.control.watch(Arc::clone(&tables));
        self.shared.tables.store(Arc::clone(&tables));
        self.tell_all(|| Command::Tables(Arc::clone(&tables)));
        self.listen(bound);
        let gone: Vec<_> = self
            .listening
            .iter()
            .filter(|(known, _)| !wanted.contains(known))
            .copied()
            .collect();
        for (_, address) in &gone {
            self.tell_all(|| Command::Unlisten(*address));
        }
        self.listening.retain(|known| !gone.contains(known));
        Ok(())
    }

    /// Takes no new connections, and lets open exchanges finish.
    pub fn drain(&self) {
        self.shared.ready.store(false, Ordering::Relaxed);
        self.tell_all(|| Command::Stage(Stage::Draining));
    }

    /// Ends what is still open: streams that may end do, everything else is cut.
    pub fn end(&self) {
        self.drain();
        self.tell_all(|| Command::Stage(Stage::Ending));
    }

    /// Whether every worker has ended.
    pub fn is_over(&self) -> bool {
        self.workers.iter().all(JoinHandle::is_finished)
    }

    /// Waits for the workers, then writes what is left of the log.
    pub fn join(self) {
        for worker in self.workers {
            // A panic in there has already been reported.
            let _ = worker.join();
        }
        self.control.end();
        if let Some(log) = self.log {
            log.end();
        }
    }

    fn listen(&mut self, bound: Vec<(SocketAddr, Vec<TcpListener>)>) {
        for (asked, listeners) in bound {
            let address = listeners
                .first()
                .and_then(|listener| listener.local_addr().ok())
                .unwrap_or(asked);
            for (sender, listener) in self.shared.senders.iter().zip(listeners) {
                // A worker that is gone listens to nothing.
                let _ = sender.blocking_send(Command::Listen(listener, asked));
            }
            self.listening.push((asked, address));
        }
    }

    fn tell_all(&self, command: impl Fn() -> Command) {
        for sender in &self.shared.senders {
            // A worker that is gone has nothing to be told.
            let _ = sender.blocking_send(command());
        }
    }
}

impl Handle {
    /// Whether new requests are welcome.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed)
    }

    /// Registers the proxy's metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(Arc::clone(&self.0)));
    }
}

impl Shared {
    pub(crate) fn tables(&self) -> Arc<Tables> {
        self.tables.load_full()
    }

    pub(crate) fn log_sender(&self) -> Option<LogSender> {
        self.log.clone()
    }

    /// How many lines the access log could not write.
    pub(crate) fn log_lines_unwritten(&self) -> u64 {
        self.log.as_ref().map_or(0, LogSender::unwritten)
    }

    /// How many connections each worker has open.
    pub(crate) fn open_connections(&self) -> impl Iterator<Item = usize> {
        self.open
            .iter()
            .map(|count| count.0.load(Ordering::Relaxed))
    }

    /// How many connections one worker has open.
    pub(crate) fn open_of(&self, worker: usize) -> usize {
        let count = self.open.get(worker);
        count.map_or(0, |count| count.0.load(Ordering::Relaxed))
    }

    pub(crate) fn count_open(&self, worker: usize, change: isize) {
        if let Some(count) = self.open.get(worker) {
            count.0.fetch_add(change.cast_unsigned(), Ordering::Relaxed);
        }
    }

    /// The least loaded worker, where `index` is well above the mean.
    pub(crate) fn less_loaded_than(&self, index: usize) -> Option<usize> {
        let mine = self.open.get(index)?.0.load(Ordering::Relaxed);
        let mean = self.open_connections().sum::<usize>() / self.open.len().max(1);
        let is_well_above = mine > mean + (mean / 8).max(1);
        let least = || {
            self.open_connections()
                .enumerate()
                .min_by_key(|(_, count)| *count)
                .map(|(worker, _)| worker)
        };
        is_well_above.then(least).flatten()
    }

    /// Tells another worker something; gives it back where that worker is too busy to hear it.
    pub(crate) fn send(&self, worker: usize, command: Command) -> Result<(), Command> {
        let Some(sender) = self.senders.get(worker) else {
            return Err(command);
        };
        sender.try_send(command).map_err(|error| match error {
            TrySendError::Full(command) | TrySendError::Closed(command) => command,
        })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn bind_all(
    addresses: impl Iterator<Item = SocketAddr>,
    count: usize,
    inherited: &Inherited,
) -> Result<Vec<(SocketAddr, Vec<TcpListener>)>, ListenError> {
    addresses
        .map(|address| {
            inherited
                .or_bind(address, count)
                .map(|listeners| (address, listeners))
        })
        .collect()
}

fn start_worker(
    index: usize,
    shared: Arc<Shared>,
    commands: Receiver<Command>,
) -> std::io::Result<JoinHandle<()>> {
    let builder = std::thread::Builder::new().name(format!("worker-{index}"));
    builder.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(Default::default());
        match runtime {
            Ok(runtime) => runtime.block_on(Worker::new(index, shared).run(commands)),
            Err(error) => tracing::error!(%error, index, "a worker has no event loop"),
        }
    })
}
