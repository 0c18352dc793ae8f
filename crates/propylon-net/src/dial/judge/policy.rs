//! What may be dialled for a user, and what a refusal says.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use propylon_config::GuardRules;

use super::List;

/// The rules for addresses that users choose. The default refuses all that is not plainly on the internet.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What is let through though a rule would refuse it.
    pub allow: List,
    /// What is refused whatever else says; wins over `allow`.
    pub deny: List,
    /// The ports that may be dialled.
    pub ports: Vec<u16>,
    /// Whether `http://` is let through.
    pub allow_http: bool,
    /// Where this program listens.
    pub listeners: Vec<SocketAddr>,
    /// The addresses of this host.
    pub own_addresses: Vec<IpAddr>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            allow: List::default(),
            deny: List::default(),
            ports: GuardRules::PORTS.to_vec(),
            allow_http: false,
            listeners: Vec::new(),
            own_addresses: Vec::new(),
        }
    }
}

/// Which rule refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The text is not a URL, or is written so that two readers could disagree about it.
    Spelling,
    /// A scheme other than https.
    Scheme,
    /// A port that is not on the list.
    Port,
    /// `user:password@`.
    Userinfo,
    /// `#…`.
    Fragment,
    /// A name that is never public.
    SpecialName,
    /// A name that could not be resolved.
    Unresolved,
    /// A block of the special-purpose registries.
    SpecialBlock,
    /// IPv4 inside IPv6.
    Embedded,
    /// A cloud's metadata service.
    Metadata,
    /// The proxy itself.
    OwnListener,
    /// The host the proxy runs on.
    OwnAddress,
    /// The operator's deny list.
    Denied,
    /// A redirect that leaves its origin.
    Redirect,
}

impl Policy {
    /// The rules of a description, for a program that listens there on a host with these addresses.
    pub fn new(rules: &GuardRules, listeners: Vec<SocketAddr>, own_addresses: Vec<IpAddr>) -> Self {
        Self {
            allow: rules.allow.clone(),
            deny: rules.deny.clone(),
            ports: rules.ports.clone(),
            allow_http: rules.allow_http,
            listeners,
            own_addresses,
        }
    }
}

impl Rule {
    /// The rule's id in reports and logs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Spelling => "spelling",
            Self::Scheme => "scheme",
            Self::Port => "port",
            Self::Userinfo => "userinfo",
            Self::Fragment => "fragment",
            Self::SpecialName => "special-name",
            Self::Unresolved => "unresolved",
            Self::SpecialBlock => "special-block",
            Self::Embedded => "embedded-ipv4",
            Self::Metadata => "metadata",
            Self::OwnListener => "own-listener",
            Self::OwnAddress => "own-address",
            Self::Denied => "denied",
            Self::Redirect => "redirect",
        }
    }
}

/// Why something may not be dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} ({source_text})")]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// What was judged and what is wrong with it, as a sentence without its full stop.
    pub what: String,
    /// Where the rule comes from.
    pub source_text: String,
}

impl Refusal {
    pub(crate) fn new(rule: Rule, what: impl Into<String>, source: impl fmt::Display) -> Self {
        Self {
            rule,
            what: what.into(),
            source_text: source.to_string(),
        }
    }
}
