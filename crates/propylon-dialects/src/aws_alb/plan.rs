//! What the load balancer consists of, said once: the three files say the same in three languages.

use propylon_config::{Deployment, Listener, TlsVersion};

use super::asked::Asked;
use super::attributes;
use super::groups::{self, Group};
use super::rules::{self, Rule};
use crate::emission::Emission;
use crate::way::{Way, ways};

/// Port of clients where the description has no listener with TLS.
const HTTPS_PORT: u16 = 443;
/// Port of those who come in the clear.
const HTTP_PORT: u16 = 80;

/// One load balancer with all that belongs to it.
pub(super) struct Plan<'d> {
    pub(super) deployment: &'d Deployment,
    /// The most specific first.
    pub(super) ways: Vec<Way<'d>>,
    /// Of the load balancer itself.
    pub(super) attributes: Vec<Attribute>,
    /// One for each upstream that a route leads to.
    pub(super) groups: Vec<Group<'d>>,
    /// Those that speak TLS.
    pub(super) listeners: Vec<Secure>,
    /// Of every such listener, those that are tried first first.
    pub(super) rules: Vec<Rule>,
    /// How long a connection may be silent, in seconds.
    pub(super) idle: u64,
    /// How many certificates the listeners show.
    pub(super) certificates: usize,
}

/// A setting by name, as the API of AWS has it.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) key: &'static str,
    pub(super) value: String,
    pub(super) practices: &'static [&'static str],
    /// Empty where the practices say it all.
    pub(super) why: &'static str,
}

/// A listener with TLS.
#[derive(Debug)]
pub(super) struct Secure {
    pub(super) port: u16,
    pub(super) policy: &'static str,
    pub(super) attributes: Vec<Attribute>,
}

impl<'d> Plan<'d> {
    pub(super) fn of(
        deployment: &'d Deployment,
        asked: &Asked<'_>,
        emission: &mut Emission,
    ) -> Self {
        let ways = ways(deployment);
        let groups = groups::of(deployment, &ways, asked, emission);
        let idle = groups::idle(&groups, asked, emission);
        let listeners = listeners(deployment, &ways);
        let ports: Vec<u16> = listeners.iter().map(|listener| listener.port).collect();
        let rules = rules::of(deployment, &ways, &ports, &groups);
        let certificates = deployment
            .listeners
            .iter()
            .filter_map(|listener| listener.tls.as_ref())
            .map(|tls| tls.certificates.len())
            .max();
        Plan {
            deployment,
            attributes: attributes::of_balancer(idle),
            listeners,
            ways,
            groups,
            rules,
            idle,
            certificates: certificates.unwrap_or(1),
        }
    }

    /// Every port that is heard.
    pub(super) fn ports(&self) -> Vec<u16> {
        let redirect = self.has_redirect().then_some(HTTP_PORT);
        let secure = self.listeners.iter().map(|listener| listener.port);
        redirect.into_iter().chain(secure).collect()
    }

    /// A name for each certificate, made of that of the first and of what stands before a number. The first answers
    /// clients that name no host.
    pub(super) fn certificates(&self, first: &str, before: &str) -> Vec<String> {
        let more = 2..=self.certificates;
        let more = more.map(|number| format!("{first}{before}{number}"));
        std::iter::once(first.to_owned()).chain(more).collect()
    }

    /// Whether the port of plain HTTP is there to send people to that of HTTPS.
    pub(super) fn has_redirect(&self) -> bool {
        self.listeners
            .iter()
            .any(|listener| listener.port == HTTPS_PORT)
    }
}

fn listeners(deployment: &Deployment, ways: &[Way<'_>]) -> Vec<Secure> {
    let secure = |port, version, hsts| Secure {
        port,
        policy: policy(version),
        attributes: attributes::of_listener(ways, hsts),
    };
    let mut listeners: Vec<Secure> = deployment
        .listeners
        .iter()
        .filter_map(|listener: &Listener| {
            let tls = listener.tls.as_ref()?;
            Some(secure(listener.address.port(), tls.min_version, tls.hsts))
        })
        .collect();
    // The same port on several addresses is one here.
    listeners.sort_by_key(|listener| listener.port);
    listeners.dedup_by_key(|listener| listener.port);
    if listeners.is_empty() {
        listeners.push(secure(HTTPS_PORT, TlsVersion::default(), None));
    }
    listeners
}

fn policy(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::Tls12 => "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        TlsVersion::Tls13 => "ELBSecurityPolicy-TLS13-1-3-2021-06",
    }
}
