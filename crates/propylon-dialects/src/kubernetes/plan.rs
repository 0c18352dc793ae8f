//! The description as a cluster needs it: which instances are Pods, and what the Pods of Propylon mount.

use std::net::IpAddr;

use propylon_config::{
    AffinityBy, Deployment, Endpoints, ListenerTls, Upstream, UpstreamUrl, UrlHost,
};

use crate::quote::words;
use crate::way::{hosts, ways};

/// What everything of Propylon's own is called.
pub(super) const NAME: &str = "propylon";
/// Where Pods hear the Gateway, and clients with TLS of the description's own.
pub(super) const HTTP_PORT: u16 = 8080;
pub(super) const HTTPS_PORT: u16 = 8443;
/// Liveness, readiness and metrics.
pub(super) const ADMIN_PORT: u16 = 9901;
/// How long a Service may have.
const WORD_MAX: usize = 50;

/// One deployment in a cluster.
pub(super) struct Plan<'d> {
    pub(super) deployment: &'d Deployment,
    /// The hosts of routes, each once; empty where one is for every host.
    pub(super) hosts: Vec<&'d str>,
    /// All of them, in the order of their names.
    pub(super) upstreams: Vec<Planned<'d>>,
    /// TLS of the description's own for clients, where it has files: what an authority gives, a Gateway asks for.
    pub(super) tls: Option<&'d ListenerTls>,
    pub(super) secrets: Vec<Secret>,
}

/// One upstream as a cluster knows it.
pub(super) struct Planned<'d> {
    pub(super) upstream: &'d Upstream,
    /// The headless Service whose Pods are the instances; `None` where they are elsewhere.
    pub(super) service: Option<String>,
    pub(super) port: u16,
    /// Where files for TLS to its instances are mounted.
    pub(super) folder: String,
}

/// A Secret that the Pods of Propylon mount.
pub(super) struct Secret {
    pub(super) name: String,
    pub(super) folder: String,
    /// How it is made, for whoever has to.
    pub(super) made_by: String,
    pub(super) practices: &'static [&'static str],
}

impl<'d> Plan<'d> {
    pub(super) fn of(deployment: &'d Deployment) -> Self {
        let ways = ways(deployment);
        let mut hosts = hosts(&ways);
        if ways.iter().any(|way| way.route.host.is_none()) {
            hosts.clear();
        }
        // Propylon's own name is nobody else's.
        let names = deployment.upstreams.keys().map(String::as_str);
        let words = words([NAME].into_iter().chain(names), WORD_MAX);
        let upstreams = deployment.upstreams.values().zip(words.into_iter().skip(1));
        let upstreams: Vec<Planned<'_>> = upstreams
            .map(|(upstream, word)| planned(upstream, word))
            .collect();
        let listeners = deployment.listeners.iter();
        let mut tls = listeners.filter_map(|listener| listener.tls.as_ref());
        let tls = tls.find(|tls| !tls.certificates.is_empty());
        let secrets = secrets(tls, &upstreams);
        Plan {
            deployment,
            hosts,
            upstreams,
            tls,
            secrets,
        }
    }

    /// Whether sessions of an upstream must find their instance, whichever replica has them.
    pub(super) fn has_sessions(&self) -> bool {
        self.upstreams.iter().any(|each| is_sealed(each.upstream))
    }
}

/// Replicas share nothing, so the instance is in the session's id.
pub(super) fn is_sealed(upstream: &Upstream) -> bool {
    upstream.affinity.by == AffinityBy::Session
}

fn planned(upstream: &Upstream, word: String) -> Planned<'_> {
    let urls = upstream.endpoints.urls();
    let folder = format!("/etc/propylon/upstreams/{word}");
    let inside = urls.iter().any(is_pod);
    let named = urls.iter().find_map(|url| match &url.host {
        UrlHost::Name(name) if is_pod(url) && name != "localhost" => Some(name.clone()),
        _ => None,
    });
    Planned {
        upstream,
        service: inside.then(|| named.unwrap_or(word)),
        port: urls.first().map_or(80, |url| url.port),
        folder,
    }
}

/// Whether an instance is a Pod beside Propylon: written as an address of a private network, or as a name of one label.
fn is_pod(url: &UpstreamUrl) -> bool {
    match &url.host {
        UrlHost::Ip(IpAddr::V4(address)) => address.is_private() || address.is_loopback(),
        UrlHost::Ip(IpAddr::V6(address)) => address.is_unique_local() || address.is_loopback(),
        UrlHost::Name(name) => !name.contains('.') || url.is_local(),
    }
}

/// Whether the instances of an upstream are found by a name.
pub(super) fn is_discovered(each: &Planned<'_>) -> bool {
    each.service.is_some() || matches!(each.upstream.endpoints, Endpoints::Discover { .. })
}

fn secrets(tls: Option<&ListenerTls>, upstreams: &[Planned<'_>]) -> Vec<Secret> {
    let mut secrets = Vec::new();
    if upstreams.iter().any(|each| is_sealed(each.upstream)) {
        secrets.push(Secret {
            name: "propylon-seal".to_owned(),
            folder: "/etc/propylon/seal".to_owned(),
            made_by: "kubectl create secret generic propylon-seal --from-literal=session.key=\"$(openssl rand -hex 32)\"".to_owned(),
            practices: &["session-scattered", "reload-forgets-sessions"],
        });
    }
    let certificates = tls.map_or(0, |tls| tls.certificates.len());
    for number in 1..=certificates {
        secrets.push(Secret {
            name: format!("propylon-tls-{number}"),
            folder: format!("/etc/propylon/tls/{number}"),
            made_by: format!("kubectl create secret tls propylon-tls-{number} --cert=… --key=…, or by cert-manager"),
            practices: &["tls-certificate"],
        });
    }
    for each in upstreams {
        let tls = &each.upstream.tls;
        if tls.ca.is_some() || tls.crl.is_some() || tls.client.is_some() {
            let name = each.folder.rsplit('/').next().unwrap_or_default();
            secrets.push(Secret {
                name: format!("propylon-upstream-{name}"),
                folder: each.folder.clone(),
                made_by: format!("kubectl create secret generic propylon-upstream-{name} with ca.crt, ca.crl, tls.crt and tls.key, as far as the ConfigMap names them"),
                practices: &["tls-upstream-unverified"],
            });
        }
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_beside_propylon_is_a_pod() {
        for (url, expected) in [
            ("http://127.0.0.1:9101/mcp", true),
            ("http://10.0.0.1:3001/mcp", true),
            ("http://weather:3001/mcp", true),
            ("http://localhost:3001/mcp", true),
            ("http://weather.tools.svc.cluster.local/mcp", false),
            ("https://mcp.example.net/mcp", false),
            ("http://203.0.113.7/mcp", false),
        ] {
            assert_eq!(is_pod(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
