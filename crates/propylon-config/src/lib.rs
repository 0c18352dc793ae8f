//! The deployment description: what a propylon.yaml says, checked.

mod check;
mod draft;
mod kind;
mod load;
mod model;
mod problem;
mod quantity;
mod read;
mod report;
mod schema;
mod secret_file;
mod section;
mod settings;
mod suggest;
mod tree;
mod written;

pub use kind::Kind;
pub use load::{Loaded, load_file, load_str};
pub use model::acme::{Acme, Challenge};
pub use model::backends::{Backends, GuardRules, Quotas};
pub use model::cache::Cache;
pub use model::cors::{Cors, InvalidOrigin, Origin, without_default_port};
pub use model::deployment::{
    AccessLog, Admin, Deployment, Level, Listener, Log, LogFormat, Redirect, Route, TraceContext,
};
pub use model::guard_list::{GuardList, InvalidEntry};
pub use model::limits::{ClientTimeouts, Limits};
pub use model::seal_keys::{InvalidKeys, SEAL_KEY_BYTES, SEAL_KEYS_MAX, SealKeys};
pub use model::tls::{
    CertificateFiles, ClientCertificates, InvalidPin, ListenerTls, SpkiPin, TlsVersion, UpstreamTls,
};
pub use model::upstream::{
    Affinity, AffinityBy, Discovery, Endpoints, Health, HostHeader, Mirror, OnLost, Pool, Store,
    Upstream, UpstreamTimeouts,
};
pub use model::upstream_url::{InvalidUrl, Scheme, UpstreamUrl, UrlHost};
pub use problem::{ConfigErrors, Position, Problem, Severity};
pub use quantity::{InvalidQuantity, format_duration, format_size, parse_duration, parse_size};
pub use schema::json_schema;
pub use secret_file::{SecretFile, SecretFileError, read_secret_file};
pub use settings::{
    Fallback, SECTIONS, SETTINGS, SectionInfo, Setting, setting, settings_markdown,
};
pub use written::Written;

/// Network prefixes of `trusted_proxies`, re-exported so that callers need no dependency of their own.
pub use ipnet::IpNet;
