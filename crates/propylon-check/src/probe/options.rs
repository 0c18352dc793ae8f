//! What a probe is started with: where it listens, who it says it is, and how much it will carry.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// The shared secret that disruptive tools ask for. It cannot be printed: only its digest is kept.
#[derive(Clone)]
pub struct ProbeToken([u8; 32]);

impl ProbeToken {
    /// Takes a token; `None` for an empty one.
    pub fn new(token: &str) -> Option<Self> {
        (!token.is_empty()).then(|| Self(digest(token)))
    }

    /// Whether `given` is this token. Digests are compared, so the time taken tells nothing of the token.
    pub(crate) fn is(&self, given: &str) -> bool {
        self.0 == digest(given)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl fmt::Debug for ProbeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProbeToken(…)")
    }
}

/// How much a probe will carry, so that one left on the internet is not a hazard.
#[derive(Clone, Debug)]
pub struct ProbeLimits {
    /// Bytes of a request head, request line included.
    pub head_bytes_max: usize,
    /// Bytes of a request body, after transfer coding.
    pub body_bytes_max: usize,
    /// Bytes of all bodies, large answers and resumable events of the process at one time.
    pub held_bytes_max: usize,
    /// Connections of one instance at one time.
    pub connections_max: usize,
    /// Streams of one HTTP/2 connection at one time; a client waits with the next.
    pub streams_per_connection_max: u32,
    /// Sessions of one instance; past it the least recently used is forgotten.
    pub sessions_max: usize,
    /// Tasks of one instance; past it the oldest is forgotten.
    pub tasks_max: usize,
    /// Calls over HTTP+SSE and other work in the background, of the process at one time.
    pub jobs_max: usize,
    /// Keys the ledger remembers; past it the least recently used is forgotten.
    pub keys_max: usize,
    /// Exchanges the ledger remembers for one key.
    pub exchanges_per_key_max: usize,
    /// Resumable streams of one session.
    pub streams_per_session_max: usize,
    /// Resumable events of one stream.
    pub events_per_stream_max: usize,
    /// Bytes of the resumable events of one stream.
    pub event_bytes_per_stream_max: usize,
    /// How long a request head may take to arrive.
    pub head_wait: Duration,
    /// How long a request body may pause.
    pub body_wait: Duration,
    /// How long one answer may take in all.
    pub exchange: Duration,
}

impl Default for ProbeLimits {
    fn default() -> Self {
        Self {
            head_bytes_max: 256 << 10,
            body_bytes_max: 64 << 20,
            held_bytes_max: 512 << 20,
            connections_max: 4_096,
            streams_per_connection_max: 1_024,
            sessions_max: 4_096,
            tasks_max: 1_024,
            jobs_max: 4_096,
            keys_max: 4_096,
            exchanges_per_key_max: 64,
            streams_per_session_max: 32,
            events_per_stream_max: 2_048,
            event_bytes_per_stream_max: 4 << 20,
            head_wait: Duration::from_secs(30),
            body_wait: Duration::from_secs(60),
            exchange: Duration::from_secs(3_660),
        }
    }
}

/// What a probe is started with.
#[derive(Clone, Debug)]
pub struct ProbeOptions {
    /// The first instance's address; the others take the ports that follow. Port 0 gives each a free port of its own.
    pub listen: SocketAddr,
    /// How many instances, each with its own sessions and tasks. At least one is started.
    pub instances: usize,
    /// The instance's name; several instances are numbered `name-1`, `name-2`, … Without it the name is `probe`.
    pub name: Option<String>,
    /// The token disruptive tools ask for. Without one they always refuse.
    pub token: Option<ProbeToken>,
    /// How long a connection may be idle between requests before the probe closes it; Node's default is 5 s.
    pub keep_alive: Duration,
    /// How much the probe will carry.
    pub limits: ProbeLimits,
}

impl ProbeOptions {
    /// One instance at `listen`, without a token.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            instances: 1,
            name: None,
            token: None,
            keep_alive: Duration::from_secs(5),
            limits: ProbeLimits::default(),
        }
    }

    /// The name of the instance at `index`.
    pub(crate) fn instance_name(&self, index: usize) -> String {
        match &self.name {
            Some(name) if self.instances <= 1 => name.clone(),
            name => format!("{}-{}", name.as_deref().unwrap_or("probe"), index + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ProbeOptions, ProbeToken};

    #[test]
    fn a_token_matches_only_itself_and_does_not_print() {
        let token = ProbeToken::new("swordfish").unwrap();
        assert!(token.is("swordfish"));
        assert!(!token.is("swordfis"));
        assert!(!token.is(""));
        assert!(!format!("{token:?}").contains("sword"));
        assert!(ProbeToken::new("").is_none());
    }

    #[test]
    fn instances_are_named() {
        let mut options = ProbeOptions::new("127.0.0.1:0".parse().unwrap());
        assert_eq!(options.instance_name(0), "probe-1");
        options.name = Some("east".into());
        assert_eq!(options.instance_name(0), "east");
        options.instances = 2;
        assert_eq!(options.instance_name(1), "east-2");
    }
}
