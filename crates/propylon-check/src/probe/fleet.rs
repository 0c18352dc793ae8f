//! The instances of one process, and what they share: clock, ledger, budget.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use super::budget::Budget;
use super::census::Census;
use super::clock::{Clock, Stamp};
use super::ledger::Ledger;
use super::options::ProbeOptions;
use super::session::Sessions;
use super::task::Tasks;

/// How an instance takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Alive,
    /// The listening socket is closed.
    Refusing,
    /// Connections are accepted and reset.
    Resetting,
    /// Connections are accepted and read, and never answered.
    Hanging,
}

/// One instance.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) name: Arc<str>,
    pub(crate) index: usize,
    pub(crate) listen: SocketAddr,
    pub(crate) sessions: Mutex<Sessions>,
    pub(crate) tasks: Mutex<Tasks>,
    pub(crate) census: Census,
    pub(crate) mode: watch::Sender<Mode>,
    /// Counts executions of `cacheable`.
    pub(crate) serial: AtomicU64,
    /// Until when `initialize` is refused, and with which status.
    pub(crate) refusing_sessions: Mutex<Option<(Instant, u16)>>,
}

impl Instance {
    pub(crate) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status `initialize` is refused with at this moment.
    pub(crate) fn refused_status(&self) -> Option<u16> {
        let refusing = *self
            .refusing_sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refusing
            .filter(|(until, _)| Instant::now() < *until)
            .map(|(_, status)| status)
    }
}

/// The instances of a process.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) options: ProbeOptions,
    pub(crate) clock: Clock,
    pub(crate) started: Stamp,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) budget: Budget,
    pub(crate) instances: Vec<Arc<Instance>>,
    pub(crate) connection_ids: AtomicU64,
    /// Asks every `subscriptions/listen` stream for one emission.
    pub(crate) nudges: broadcast::Sender<()>,
    jobs: Mutex<JoinSet<()>>,
}

impl Fleet {
    pub(crate) fn new(options: ProbeOptions, addresses: &[SocketAddr]) -> Arc<Self> {
        let instances = addresses.iter().enumerate().map(|(index, address)| {
            Arc::new(Instance {
                name: options.instance_name(index).into(),
                index,
                listen: *address,
                sessions: Mutex::new(Sessions::new(options.limits.sessions_max)),
                tasks: Mutex::new(Tasks::new(options.limits.tasks_max)),
                census: Census::default(),
                mode: watch::Sender::new(Mode::Alive),
                serial: AtomicU64::new(0),
                refusing_sessions: Mutex::new(None),
            })
        });
        let instances = instances.collect();
        let clock = Clock::start();
        Arc::new(Self {
            clock,
            started: clock.stamp(),
            ledger: Arc::new(Ledger::new(
                options.limits.keys_max,
                options.limits.exchanges_per_key_max,
            )),
            budget: Budget::new(options.limits.held_bytes_max),
            instances,
            connection_ids: AtomicU64::new(0),
            nudges: broadcast::Sender::new(1_024),
            jobs: Mutex::new(JoinSet::new()),
            options,
        })
    }

    /// Runs something in the background for as long as the probe lives; false when there is too much of it already.
    pub(crate) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) -> bool {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        while jobs.try_join_next().is_some() {}
        let has_room = jobs.len() < self.options.limits.jobs_max;
        if has_room {
            jobs.spawn(job);
        }
        has_room
    }

    /// Ends everything in the background.
    pub(crate) fn abort_jobs(&self) {
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .abort_all();
    }

    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.instances
            .iter()
            .map(|instance| Arc::clone(&instance.name))
            .collect()
    }
}

/// One instance in its fleet.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) instance: Arc<Instance>,
}
