//! One server of an upstream: where it is, how busy it is, and whether it can be counted on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use propylon_net::dial::DialTarget;

/// One server. It lives as long as a session, a pool or the upstream still knows it.
#[derive(Debug)]
pub(crate) struct Instance {
    /// Unique in this process: what the workers' pools are keyed by.
    pub(crate) id: u64,
    /// `host:port`, for logs, metrics and the `Host` an upstream may be sent.
    pub(crate) name: String,
    targets: ArcSwap<Vec<DialTarget>>,
    in_flight: AtomicU32,
    healthy: AtomicBool,
    /// Milliseconds after `born` until which no new work is sent here; 0 for never ejected.
    ejected_until: AtomicU64,
    born: Instant,
    /// Whether its last connection spoke HTTP/1.1.
    speaks_http1: AtomicBool,
    connects: AtomicU64,
    connect_failures: AtomicU64,
    reuses: AtomicU64,
}

/// Counts one exchange against an instance for as long as it lasts.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Instance>);

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Instance {
    pub(crate) fn new(name: String, address: Option<SocketAddr>) -> Arc<Self> {
        Arc::new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            name,
            targets: ArcSwap::from_pointee(address.map(DialTarget::operator).into_iter().collect()),
            in_flight: AtomicU32::new(0),
            healthy: AtomicBool::new(true),
            ejected_until: AtomicU64::new(0),
            born: Instant::now(),
            speaks_http1: AtomicBool::new(false),
            connects: AtomicU64::new(0),
            connect_failures: AtomicU64::new(0),
            reuses: AtomicU64::new(0),
        })
    }

    /// The instance of that name among `known`, else a new one.
    pub(crate) fn reuse_or_new(
        known: &[Arc<Self>],
        name: String,
        address: Option<SocketAddr>,
    ) -> Arc<Self> {
        let found = known.iter().find(|instance| instance.name == name);
        found.map_or_else(|| Self::new(name, address), Arc::clone)
    }

    /// The addresses to dial, in order; empty while the name has not been resolved.
    pub(crate) fn targets(&self) -> Arc<Vec<DialTarget>> {
        self.targets.load_full()
    }

    /// Whether this is one of its addresses.
    pub(crate) fn is_at(&self, target: DialTarget) -> bool {
        self.targets.load().contains(&target)
    }

    pub(crate) fn set_targets(&self, targets: Vec<DialTarget>) {
        self.targets.store(Arc::new(targets));
    }

    /// How many exchanges are under way.
    pub(crate) fn load(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Whether new sessions and stateless requests may be sent here.
    pub(crate) fn is_available(&self, now: Instant) -> bool {
        self.is_healthy() && self.millis(now) >= self.ejected_until.load(Ordering::Relaxed)
    }

    /// What the active health check last said; true where there is none.
    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    pub(crate) fn set_healthy(&self, healthy: bool) {
        self.healthy.store(healthy, Ordering::Relaxed);
        if healthy {
            self.ejected_until.store(0, Ordering::Relaxed);
        }
    }

    /// Sends no new work here for a while, after a connection could not be made.
    pub(crate) fn eject(&self, now: Instant, period: Duration) {
        self.connect_failures.fetch_add(1, Ordering::Relaxed);
        self.ejected_until
            .store(self.millis(now + period), Ordering::Relaxed);
    }

    /// Whether it is known to speak HTTP/1.1: then every exchange needs a connection of its own.
    pub(crate) fn speaks_http1(&self) -> bool {
        self.speaks_http1.load(Ordering::Relaxed)
    }

    pub(crate) fn connected(&self, speaks_http1: bool) {
        self.speaks_http1.store(speaks_http1, Ordering::Relaxed);
        self.connects.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reused(&self) {
        self.reuses.fetch_add(1, Ordering::Relaxed);
    }

    /// Connections made, connections that could not be made, and exchanges on kept ones.
    pub(crate) fn connection_counts(&self) -> [u64; 3] {
        [&self.connects, &self.connect_failures, &self.reuses]
            .map(|count| count.load(Ordering::Relaxed))
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.born).as_millis()).unwrap_or(u64::MAX)
    }
}

impl PartialEq for Instance {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
