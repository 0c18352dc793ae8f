//! The deployment description: what a propylon.yaml says, checked.

mod model;

pub use model::deployment::{AccessLog, Admin, Deployment, Level, Listener, Log, LogFormat, Route};
pub use model::limits::{ClientTimeouts, Limits};
pub use model::upstream::{
    Affinity, AffinityBy, Discovery, Endpoints, Health, HostHeader, Pool, Store, Upstream,
    UpstreamTimeouts,
};
pub use model::upstream_url::{InvalidUrl, Scheme, UpstreamUrl, UrlHost};

/// Network prefixes of `trusted_proxies`, re-exported so that callers need no dependency of their own.
pub use ipnet::IpNet;
