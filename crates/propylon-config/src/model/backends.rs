//! Servers that users register: where they are kept, who may register them, and what may be dialled for them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::guard_list::GuardList;
use super::upstream::UpstreamTimeouts;

/// How servers are registered and reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backends {
    /// Where the API listens. Loopback by default: its tokens travel in the clear.
    pub address: SocketAddr,
    /// The file that registrations are kept in.
    pub store: PathBuf,
    /// The keys that seal the secrets in the store.
    pub key_file: PathBuf,
    /// The tokens that the API takes.
    pub token_file: PathBuf,
    /// What may be dialled.
    pub guard: GuardRules,
    /// What one tenant may take.
    pub quotas: Quotas,
    /// How long registered servers may take.
    pub timeouts: UpstreamTimeouts,
}

impl Backends {
    /// Address of the API when the file says nothing.
    pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9902);
}

/// What may be dialled for users, beside what never may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardRules {
    /// Let through though a rule would refuse it.
    pub allow: GuardList,
    /// Refused whatever else says; wins over `allow`.
    pub deny: GuardList,
    /// The ports that may be dialled.
    pub ports: Vec<u16>,
    /// Whether `http://` is let through.
    pub allow_http: bool,
}

impl GuardRules {
    /// Ports that may be dialled when nothing is said.
    pub const PORTS: [u16; 2] = [443, 8443];
}

impl Default for GuardRules {
    fn default() -> Self {
        GuardRules {
            allow: GuardList::default(),
            deny: GuardList::default(),
            ports: GuardRules::PORTS.to_vec(),
            allow_http: false,
        }
    }
}

/// What one tenant may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Backends registered at once.
    pub backends: usize,
    /// Event streams that stay open, at once and over all its backends.
    pub streams: usize,
    /// Requests in a second, over all its backends; as many may come at once.
    pub requests_per_second: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Quotas {
            backends: 1000,
            streams: 1000,
            requests_per_second: 1000,
        }
    }
}
