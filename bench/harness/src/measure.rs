//! What a measuring process prints as JSON and `run` reads back.

use serde::{Deserialize, Serialize};

/// CPU time of the proxy over one window.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cpu {
    pub(crate) used_ns: u64,
    /// The same from the processes' clock ticks, to compare.
    pub(crate) stat_ns: u64,
    pub(crate) thread_ended: bool,
}

/// Resident memory of the proxy.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) rss_kib: u64,
    pub(crate) pss_kib: u64,
}

/// Delays of one window, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Delays {
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
}

impl Delays {
    /// Takes the samples in nanoseconds.
    pub(crate) fn from_ns(mut samples: Vec<u64>) -> Self {
        samples.sort_unstable();
        let at = |share: f64| {
            let last = samples.len().saturating_sub(1);
            let place = (share * last as f64).round() as usize;
            samples.get(place).map_or(0.0, |ns| *ns as f64 / 1000.0)
        };
        Self {
            p50_us: at(0.50),
            p99_us: at(0.99),
            max_us: at(1.0),
        }
    }
}

/// One `load requests` run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Requests {
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    /// Answers inside the window.
    pub(crate) answers: u64,
    /// Answers in all, warm-up included.
    pub(crate) answers_in_all: u64,
    /// Answers, of all, that came from another instance than the session's.
    pub(crate) misrouted: u64,
    /// None without a proxy.
    pub(crate) cpu: Option<Cpu>,
    pub(crate) delays: Delays,
}

/// How a client speaks inside TLS.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    H1,
    H2,
}

impl Protocol {
    /// Its name in ALPN (RFC 9113, 3.1).
    pub(crate) fn alpn(self) -> &'static [u8] {
        match self {
            Self::H1 => b"http/1.1",
            Self::H2 => b"h2",
        }
    }
}

/// One `load requests-tls` run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct TlsRequests {
    pub(crate) protocol: Protocol,
    pub(crate) connections: usize,
    /// Requests that wait for their answer at one time, over all connections.
    pub(crate) in_flight: usize,
    pub(crate) seconds: f64,
    /// Calls the upstream answered inside the window.
    pub(crate) answers: u64,
    /// Answers that reached h2load in all, warm-up included.
    pub(crate) answers_in_all: u64,
    pub(crate) cpu: Option<Cpu>,
}

/// One `load streams` run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Streams {
    pub(crate) streams: usize,
    /// How many share an HTTP/2 connection; none where each has a connection, over HTTP/1.1.
    #[serde(default)]
    pub(crate) per_connection: Option<usize>,
    pub(crate) open_seconds: f64,
    pub(crate) misrouted: u64,
    pub(crate) before: Memory,
    pub(crate) idle: Memory,
    pub(crate) after_events: Memory,
    pub(crate) events: u64,
    pub(crate) event_seconds: f64,
    pub(crate) cpu: Option<Cpu>,
    pub(crate) delays: Delays,
}

/// What the upstream has seen since it started.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counters {
    pub(crate) calls: u64,
    pub(crate) streams_open: u64,
}

/// What the upstream prints when it listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) addresses: Vec<std::net::SocketAddr>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_samples() {
        let delays = Delays::from_ns((0..=100).rev().map(|n| n * 1000).collect());
        assert_eq!(
            (delays.p50_us, delays.p99_us, delays.max_us),
            (50.0, 99.0, 100.0)
        );
        assert_eq!(Delays::from_ns(Vec::new()).max_us, 0.0);
    }
}
