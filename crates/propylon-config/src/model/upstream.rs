//! One upstream: its instances, how sessions stick to them, and how long they may take.

use std::time::Duration;

use super::cache::Cache;
use super::seal_keys::SealKeys;
use super::tls::UpstreamTls;
use super::upstream_url::UpstreamUrl;

/// One MCP server, served by one or more interchangeable instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its key under `upstreams`.
    pub name: String,
    /// Where its instances are.
    pub endpoints: Endpoints,
    /// The `Host` its instances see.
    pub host: HostHeader,
    /// How requests of one session reach one instance.
    pub affinity: Affinity,
    /// Statuses, besides 404, by which its servers say that a session is unknown.
    pub lost_status: Vec<u16>,
    /// What the sealed store seals with; `None` for every other store.
    pub seal_keys: Option<SealKeys>,
    /// What is done with headers that do not mirror their body.
    pub mirror: Mirror,
    /// What is kept of its answers; `None` when the file has no `cache`.
    pub cache: Option<Cache>,
    /// How long its instances may take.
    pub timeouts: UpstreamTimeouts,
    /// After how long without a byte a quiet event stream gets a comment; `None` for never.
    pub keepalive: Option<Duration>,
    /// Active health checks; `None` when the file has no `health`.
    pub health: Option<Health>,
    /// Connections kept for reuse.
    pub pool: Pool,
    /// How https instances are verified.
    pub tls: UpstreamTls,
    /// Whether HTTP/2 is spoken to instances; `None` is to those that are reached over https and agree to it.
    pub http2: Option<bool>,
}

/// Well below what hops cut a silent connection after: a minute is common, half of it is known.
pub(crate) const KEEPALIVE: Duration = Duration::from_secs(15);

impl Upstream {
    /// An upstream with every value but its endpoints at the default.
    pub fn new(name: impl Into<String>, endpoints: Endpoints) -> Self {
        Upstream {
            name: name.into(),
            endpoints,
            host: HostHeader::default(),
            affinity: Affinity::default(),
            lost_status: Vec::new(),
            seal_keys: None,
            mirror: Mirror::default(),
            cache: None,
            timeouts: UpstreamTimeouts::default(),
            keepalive: Some(KEEPALIVE),
            health: None,
            pool: Pool::default(),
            tls: UpstreamTls::default(),
            http2: None,
        }
    }
}

/// Where instances are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoints {
    /// Written in the file; at least one, all with the same path, none twice.
    Urls(Vec<UpstreamUrl>),
    /// Found by asking for a name, again and again.
    Discover {
        /// Its host is always a name.
        url: UpstreamUrl,
        /// Which records are asked for.
        by: Discovery,
    },
}

impl Endpoints {
    /// The path of the MCP endpoint on every instance; empty when the URL has none.
    pub fn path(&self) -> &str {
        match self {
            Endpoints::Urls(urls) => urls.first().map_or("", |url| url.path.as_str()),
            Endpoints::Discover { url, .. } => &url.path,
        }
    }

    /// The URLs as written: all instances, or the one name they are found by.
    pub fn urls(&self) -> &[UpstreamUrl] {
        match self {
            Endpoints::Urls(urls) => urls,
            Endpoints::Discover { url, .. } => std::slice::from_ref(url),
        }
    }
}

/// Which DNS records name the instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// A and AAAA; the port is the URL's.
    Dns,
    /// SRV; the port is the record's.
    Srv,
}

/// The `Host` header instances see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostHeader {
    /// What the client sent.
    #[default]
    Keep,
    /// The instance URL's own host and port.
    Upstream,
    /// Always this.
    Fixed(String),
}

/// How requests of one session reach the instance that minted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Affinity {
    /// What makes requests belong together.
    pub by: AffinityBy,
    /// Where the mapping is kept.
    pub store: Store,
    /// How long a session is remembered after its last use.
    pub ttl: Duration,
    /// Sessions remembered at once; the least recently used goes first.
    pub entries_max: usize,
    /// Memory the mapping may take.
    pub bytes_max: u64,
    /// What becomes of a session whose instance is gone.
    pub on_lost: OnLost,
    /// Memory that kept handshakes may take.
    pub handshake_bytes_max: u64,
}

impl Default for Affinity {
    fn default() -> Self {
        Affinity {
            by: AffinityBy::Session,
            store: Store::Memory,
            ttl: Duration::from_secs(60 * 60),
            entries_max: 100_000,
            bytes_max: 64 * 1024 * 1024,
            on_lost: OnLost::Refuse,
            handshake_bytes_max: 16 * 1024 * 1024,
        }
    }
}

/// What becomes of a session whose instance is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLost {
    /// Its client is answered 404, and begins a new one.
    #[default]
    Refuse,
    /// The client's own `initialize` is sent to a live instance, and the session goes on there under its old id.
    Reinitialize,
}

/// What makes requests belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AffinityBy {
    /// The `Mcp-Session-Id` an instance minted.
    #[default]
    Session,
    /// Nothing: every request goes to the least loaded instance.
    None,
}

/// Where the mapping from session to instance is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// In this process; gone when it ends.
    #[default]
    Memory,
    /// In the session id itself, as its client sees it: nothing is kept.
    Sealed,
}

/// What is done with headers that do not mirror their body (2026-07-28 streamable-http, Server Validation).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mirror {
    /// Such a request is refused with 400.
    #[default]
    Enforce,
    /// It is let through, logged and counted.
    Observe,
}

/// How long instances may take. None is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamTimeouts {
    /// To open a connection.
    pub connect: Duration,
    /// From the request's last byte to the response's head: how long a silent tool call may run.
    pub response_head: Duration,
    /// Between bytes of a response.
    pub idle: Duration,
    /// A whole exchange, from its first byte to its last.
    pub stream: Duration,
    /// An HTTP/2 connection with open requests that says nothing, before it is asked for a sign of life.
    pub ping: Duration,
}

impl Default for UpstreamTimeouts {
    fn default() -> Self {
        UpstreamTimeouts {
            connect: Duration::from_secs(5),
            response_head: Duration::from_secs(10 * 60),
            idle: Duration::from_secs(60 * 60),
            stream: Duration::from_secs(24 * 60 * 60),
            ping: Duration::from_secs(30),
        }
    }
}

/// Active checks of each instance, never at its MCP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Absolute path asked on the instance.
    pub path: String,
    /// Between the starts of two checks.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Good answers in a row that make an instance healthy.
    pub rise: u32,
    /// Bad answers in a row that make it unhealthy.
    pub fall: u32,
}

impl Health {
    /// Checks of `path` with every other value at its default.
    pub fn at(path: impl Into<String>) -> Self {
        Health {
            path: path.into(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            rise: 1,
            fall: 3,
        }
    }
}

/// Connections kept for reuse, and instances left alone after a failed connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// How long an idle connection is kept: below the 5 s after which Node closes its own.
    pub idle: Duration,
    /// Idle connections kept per worker and instance; zero keeps none.
    pub idle_connections_max: usize,
    /// How long an instance gets no new sessions after a connect failure; zero is not at all.
    pub eject: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        Pool {
            idle: Duration::from_secs(4),
            idle_connections_max: 256,
            eject: Duration::from_secs(5),
        }
    }
}
