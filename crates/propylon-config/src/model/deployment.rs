//! The root of the description: listeners, routes, log and admin listener.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::backends::Backends;
use super::cors::Cors;
use super::limits::{ClientTimeouts, Limits};
use super::tls::ListenerTls;
use super::upstream::Upstream;

/// Everything one propylon process serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Addresses clients connect to; at least one, none of them clashing.
    pub listeners: Vec<Listener>,
    /// In file order, no two with the same host and path; the longest matching path wins.
    pub routes: Vec<Route>,
    /// By name; every route's upstream is here.
    pub upstreams: BTreeMap<String, Upstream>,
    /// Bounds on what clients may send and hold open.
    pub limits: Limits,
    /// How long the proxy waits for clients.
    pub timeouts: ClientTimeouts,
    /// Peers whose `Forwarded` and `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// DNS servers for the names of upstreams; empty for those of the system.
    pub resolver_servers: Vec<SocketAddr>,
    /// What becomes of the trace a request names.
    pub trace_context: TraceContext,
    /// Where log lines go and how they look.
    pub log: Log,
    /// The operator's own listener; `None` when the file says `admin: off`.
    pub admin: Option<Admin>,
    /// Servers that users register; `None` when the file has no `backends`.
    pub backends: Option<Backends>,
    /// Grace given to open streams on shutdown; zero ends them at once.
    pub drain: Duration,
    /// Worker threads; `None` is one per core.
    pub workers: Option<NonZeroUsize>,
}

impl Deployment {
    /// Grace given to open streams when the file says nothing.
    pub(crate) const DRAIN: Duration = Duration::from_secs(30);
}

impl Default for Deployment {
    /// Serves nothing: no listener, no route; every other value is the default of its key.
    fn default() -> Self {
        Deployment {
            listeners: Vec::new(),
            routes: Vec::new(),
            upstreams: BTreeMap::new(),
            limits: Limits::default(),
            timeouts: ClientTimeouts::default(),
            trusted_proxies: Vec::new(),
            resolver_servers: Vec::new(),
            trace_context: TraceContext::default(),
            log: Log::default(),
            admin: Some(Admin::default()),
            backends: None,
            drain: Deployment::DRAIN,
            workers: None,
        }
    }
}

/// One address clients connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Port 0 asks the system for a free one.
    pub address: SocketAddr,
    /// Path the proxy answers itself with its readiness where no route claims it; `None` when `off`.
    pub health: Option<String>,
    /// `None` for plain HTTP.
    pub tls: Option<ListenerTls>,
    /// Whether HTTP/2 is spoken: over TLS where a client agrees to it, without to whoever begins with it.
    pub http2: bool,
    /// The balancers in front, each of whose connections begins with a PROXY protocol header; nobody else is let in.
    /// Empty where clients connect themselves.
    pub proxy_protocol: Vec<IpNet>,
    /// Where clients are sent that did not come over https; `None` to serve them.
    pub redirect: Option<Redirect>,
}

/// The https listener that clients are sent to, on the host they asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// As clients see it from outside.
    pub port: u16,
}

impl Listener {
    /// Readiness path when the file says nothing.
    pub const HEALTH: &str = "/health";

    /// A listener on `address` with every other value at its default.
    pub fn on(address: SocketAddr) -> Self {
        Listener {
            address,
            health: Some(Listener::HEALTH.to_owned()),
            tls: None,
            proxy_protocol: Vec::new(),
            redirect: None,
            http2: false,
        }
    }
}

/// Which requests go to which upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Lowercase and without a port; `*.example.com` stands for exactly one label; `None` is any host.
    pub host: Option<String>,
    /// Path prefix without a trailing slash; `/` is every path. Replaced by the upstream URL's path.
    pub path: String,
    /// A key of [`Deployment::upstreams`].
    pub upstream: String,
    /// What browsers are told; `None` when the file has no `cors`.
    pub cors: Option<Cors>,
    /// Whether OAuth metadata and challenges are shown with the outside's URLs.
    pub rewrite_metadata: bool,
}

impl Route {
    /// A route of any host with every other value at its default.
    pub fn to(upstream: impl Into<String>, path: impl Into<String>) -> Self {
        Route {
            host: None,
            path: path.into(),
            upstream: upstream.into(),
            cors: None,
            rewrite_metadata: false,
        }
    }
}

/// What becomes of the trace a request names in `traceparent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceContext {
    /// The proxy takes part: its own span is the parent that goes on.
    #[default]
    Continue,
    /// The headers cross as they came.
    Off,
}

/// Where log lines go and how they look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Where the line of each finished request goes.
    pub access: AccessLog,
    /// How every line is written.
    pub format: LogFormat,
    /// The least important messages still written.
    pub level: Level,
}

/// Where the line of each finished request goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccessLog {
    /// Standard output.
    #[default]
    Stdout,
    /// Appended to this file.
    File(PathBuf),
    /// Nowhere.
    Off,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people at a terminal.
    Pretty,
}

/// Importance of a log message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something will fail, or is unwise.
    Warn,
    /// What an operator wants to see in ordinary running.
    #[default]
    Info,
    /// For finding the cause of one fault.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The word the file uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }
}

/// The operator's own listener: liveness, readiness and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Loopback by default: it has no authentication.
    pub address: SocketAddr,
    /// Written by the operator; an address nobody asked for may be taken without that being fatal.
    pub explicit: bool,
}

impl Admin {
    /// Address when the file says nothing.
    pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9901);
}

impl Default for Admin {
    fn default() -> Self {
        Admin {
            address: Admin::ADDRESS,
            explicit: false,
        }
    }
}
