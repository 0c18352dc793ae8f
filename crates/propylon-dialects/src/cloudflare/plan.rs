//! The description as the Worker, the rules and the tunnel need it.

use std::net::IpAddr;
use std::time::Duration;

use propylon_config::{AffinityBy, Deployment, Endpoints, UpstreamUrl, UrlHost};

use crate::way::{Way, hosts, ways};

/// What a quiet stream's comments are apart at most: half of the 120 s after which the edge gives up.
pub(super) const COMMENTS_APART_MAX: Duration = Duration::from_secs(60);
/// Where the description wants none: without them nobody notices a client that has gone.
const COMMENTS_APART: Duration = Duration::from_secs(15);

/// One deployment behind the edge.
pub(super) struct Plan<'d> {
    pub(super) deployment: &'d Deployment,
    /// The most specific first.
    pub(super) ways: Vec<Way<'d>>,
    /// The hosts of routes, each once.
    pub(super) hosts: Vec<&'d str>,
    /// Of routes, each once.
    pub(super) upstreams: Vec<PlannedUpstream<'d>>,
}

/// One upstream as the Worker knows it.
pub(super) struct PlannedUpstream<'d> {
    pub(super) name: &'d str,
    pub(super) upstream: &'d propylon_config::Upstream,
    /// Reached through the tunnel: an address that only a network of its own knows, or plain http.
    pub(super) is_private: bool,
    pub(super) is_discovered: bool,
    /// Whether the id of a session must say which instance made it.
    pub(super) is_sealed: bool,
    /// Instances that no tunnel leads to.
    pub(super) loopback: Vec<String>,
}

impl<'d> Plan<'d> {
    pub(super) fn of(deployment: &'d Deployment) -> Self {
        let ways = ways(deployment);
        let hosts = hosts(&ways);
        let used = |name: &str| ways.iter().any(|way| way.upstream.name == name);
        let upstreams = deployment.upstreams.values();
        let upstreams = upstreams
            .filter(|upstream| used(&upstream.name))
            .map(planned)
            .collect();
        Plan {
            deployment,
            ways,
            hosts,
            upstreams,
        }
    }

    /// Whether anything is reached through the tunnel.
    pub(super) fn has_private(&self) -> bool {
        self.upstreams.iter().any(|upstream| upstream.is_private)
    }

    /// The hosts that a route leads to through the tunnel, each once.
    pub(super) fn private_hosts(&self) -> Vec<&'d UrlHost> {
        let private = self.upstreams.iter().filter(|upstream| upstream.is_private);
        let mut hosts: Vec<&UrlHost> = private
            .flat_map(|upstream| upstream.upstream.endpoints.urls())
            .filter(|url| !url.is_local())
            .map(|url| &url.host)
            .collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

fn planned(upstream: &propylon_config::Upstream) -> PlannedUpstream<'_> {
    let urls = upstream.endpoints.urls();
    let is_discovered = matches!(upstream.endpoints, Endpoints::Discover { .. });
    let loopback = urls.iter().filter(|url| url.is_local());
    PlannedUpstream {
        name: &upstream.name,
        upstream,
        is_private: !urls.iter().all(is_public),
        is_discovered,
        is_sealed: upstream.affinity.by == AffinityBy::Session && urls.len() > 1,
        loopback: loopback.map(UpstreamUrl::origin).collect(),
    }
}

/// Whether the edge reaches it by itself: over TLS, and by a name that the internet knows.
fn is_public(url: &UpstreamUrl) -> bool {
    let UrlHost::Name(name) = &url.host else {
        return false;
    };
    let inner = [
        ".internal",
        ".local",
        ".lan",
        ".svc",
        ".localhost",
        ".home.arpa",
    ];
    url.scheme == propylon_config::Scheme::Https
        && name.contains('.')
        && !inner.iter().any(|end| name.ends_with(end))
}

/// What a quiet stream's comments of an upstream are apart, in milliseconds.
pub(super) fn comment_ms(upstream: &propylon_config::Upstream) -> u128 {
    let apart = upstream.keepalive.unwrap_or(COMMENTS_APART);
    apart.min(COMMENTS_APART_MAX).as_millis()
}

/// An address as a network of its own.
pub(super) fn network_of(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{address}/32"),
        IpAddr::V6(address) => format!("{address}/128"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_internet_over_tls_are_public() {
        for (url, expected) in [
            ("https://mcp.example.net/mcp", true),
            ("http://mcp.example.net/mcp", false),
            ("https://10.0.0.1/mcp", false),
            ("https://localhost/mcp", false),
            ("https://weather.internal/mcp", false),
            ("https://weather.mcp.svc.cluster.local/mcp", false),
        ] {
            assert_eq!(is_public(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
