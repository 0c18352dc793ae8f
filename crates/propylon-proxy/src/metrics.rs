//! What is counted, in plain atomics: a request touches a handful and looks nothing up.

mod cache;
mod collect;
mod repairs;
mod tls;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::reason::{REASONS, Reason};
use crate::streams::StreamKind;

/// Counters of the whole process. They outlive reloads.
#[derive(Debug)]
pub(crate) struct Metrics {
    routes: Mutex<BTreeMap<String, Arc<RouteMetrics>>>,
    refused: [AtomicU64; REASONS.len()],
    pub(crate) connections: AtomicU64,
    pub(crate) handoffs: AtomicU64,
    pub(crate) tls_handshakes: AtomicU64,
    pub(crate) tls_handshakes_failed: AtomicU64,
    pub(crate) proxy_headers: AtomicU64,
    pub(crate) proxy_headers_refused: AtomicU64,
    pub(crate) reloads: AtomicU64,
    pub(crate) reloads_refused: AtomicU64,
    pub(crate) log_lines_dropped: AtomicU64,
    pub(crate) keepalive_comments: AtomicU64,
    /// Streams of clients' HTTP/2 connections that are open now.
    pub(crate) http2_streams: AtomicU64,
}

/// Counters of one route.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    pub(crate) name: String,
    by_status: Box<[AtomicU64]>,
    pub(crate) total: Histogram,
    pub(crate) head: Histogram,
    pub(crate) streams: [AtomicU64; StreamKind::ALL.len()],
    pub(crate) events: AtomicU64,
    pub(crate) request_bytes: AtomicU64,
    pub(crate) response_bytes: AtomicU64,
}

/// Durations by upper bound.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
    sum_micros: AtomicU64,
}

/// 1 ms to 5 min, a few to each decade.
const BOUNDS_MICROS: [u64; 12] = [
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    100_000,
    250_000,
    1_000_000,
    5_000_000,
    30_000_000,
    60_000_000,
    300_000_000,
];

const STATUS_MIN: u16 = 100;
const STATUS_MAX: u16 = 599;

impl Default for Metrics {
    fn default() -> Self {
        Self {
            routes: Mutex::default(),
            refused: [const { AtomicU64::new(0) }; REASONS.len()],
            connections: AtomicU64::new(0),
            handoffs: AtomicU64::new(0),
            tls_handshakes: AtomicU64::new(0),
            tls_handshakes_failed: AtomicU64::new(0),
            proxy_headers: AtomicU64::new(0),
            proxy_headers_refused: AtomicU64::new(0),
            reloads: AtomicU64::new(0),
            reloads_refused: AtomicU64::new(0),
            log_lines_dropped: AtomicU64::new(0),
            keepalive_comments: AtomicU64::new(0),
            http2_streams: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// The counters of a route, the same ones for the same name.
    pub(crate) fn route(&self, name: &str) -> Arc<RouteMetrics> {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let route = routes
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(RouteMetrics::new(name)));
        Arc::clone(route)
    }

    /// Takes in the counters of a route that has its own.
    pub(crate) fn adopt(&self, route: &Arc<RouteMetrics>) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.insert(route.name.clone(), Arc::clone(route));
    }

    fn routes(&self) -> Vec<Arc<RouteMetrics>> {
        self.routes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(Arc::clone)
            .collect()
    }

    /// Counts an exchange that the proxy refused, failed or cut.
    pub(crate) fn refuse(&self, reason: Reason) {
        let index = REASONS.iter().position(|row| row.reason == reason);
        if let Some(count) = index.and_then(|index| self.refused.get(index)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Default for RouteMetrics {
    fn default() -> Self {
        Self::new("")
    }
}

impl RouteMetrics {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            by_status: (STATUS_MIN..=STATUS_MAX)
                .map(|_| AtomicU64::new(0))
                .collect(),
            total: Histogram::default(),
            head: Histogram::default(),
            streams: Default::default(),
            events: AtomicU64::new(0),
            request_bytes: AtomicU64::new(0),
            response_bytes: AtomicU64::new(0),
        }
    }

    /// Counts an exchange by the status its client saw.
    pub(crate) fn count(&self, status: u16) {
        if let Some(count) = self
            .by_status
            .get(usize::from(status.saturating_sub(STATUS_MIN)))
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn statuses(&self) -> impl Iterator<Item = (u16, u64)> {
        let counts = (STATUS_MIN..).zip(&self.by_status);
        counts
            .map(|(status, count)| (status, count.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
    }
}

impl Histogram {
    pub(crate) fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let index = BOUNDS_MICROS
            .iter()
            .position(|bound| micros <= *bound)
            .unwrap_or(BOUNDS_MICROS.len());
        if let Some(bucket) = self.buckets.get(index) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// The sum in seconds, the count, and for each upper bound in seconds how many fell below it
    /// but above the one before.
    fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let counts = self
            .buckets
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed));
        let bounds = BOUNDS_MICROS
            .iter()
            .map(|bound| seconds(*bound))
            .chain([f64::MAX]);
        let buckets: Vec<_> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        (
            seconds(self.sum_micros.load(Ordering::Relaxed)),
            count,
            buckets,
        )
    }
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}
