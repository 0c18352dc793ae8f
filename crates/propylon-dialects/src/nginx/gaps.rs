//! What this deployment meets of nginx's gaps, and what only it meets.

use propylon_config::{Deployment, Discovery, Endpoints, HostHeader, Upstream};

use super::abilities::{Abilities, Stickiness};
use super::tls;
use crate::emission::{Emission, Gap};
use crate::unmet;
use crate::way::{instances, ways};

/// Settles gaps and warnings before the files are written, which say them.
pub(super) fn judge(deployment: &Deployment, abilities: Abilities, emission: &mut Emission) {
    unmet::close(deployment, emission);
    unmet::warn_of_free_ports(deployment, "nginx", emission);
    unmet::warn_of_pins(deployment, "nginx", emission);
    unmet::warn_of_addresses(deployment, "nginx", emission);
    let upstreams = || deployment.upstreams.values();
    let is_learned = |upstream| abilities.stickiness(upstream) == Stickiness::Learned;
    if !upstreams().any(is_learned) {
        emission.close("affinity-unbounded");
        emission.close("reload-forgets-sessions");
    }
    for upstream in upstreams() {
        if abilities.stickiness(upstream) == Stickiness::Impossible {
            scattered(emission);
        }
        discovery(deployment, upstream, abilities, emission);
        host(upstream, emission);
    }
    certificates(deployment, emission);
    http2(deployment, abilities, emission);
    for way in ways(deployment) {
        if way.base.contains('$') {
            let why = "nginx takes a `$` in the upstream's path for a variable: serve it under another path";
            emission.warn(format!("upstreams.{}.url", way.upstream.name), why);
        }
    }
}

/// HTTP/2 is switched for a host, at all of its addresses; before 1.25.1 an address without TLS had it alone or not at all.
fn http2(deployment: &Deployment, abilities: Abilities, emission: &mut Emission) {
    let is_on = deployment.listeners.iter().any(|listener| listener.http2);
    for (index, listener) in deployment.listeners.iter().enumerate() {
        let why = match (listener.http2, listener.tls.is_some()) {
            (false, true) if is_on && abilities.switches_http2 => {
                "another listener speaks HTTP/2, and nginx then speaks it at every address"
            }
            (true, false) if !abilities.switches_http2 => {
                "before 1.25.1 nginx has HTTP/2 beside HTTP/1.1 only over TLS"
            }
            _ => continue,
        };
        emission.warn(format!("listeners[{index}].http2"), why);
    }
}

/// nginx takes one certificate of each kind of key for all of a host's addresses.
fn certificates(deployment: &Deployment, emission: &mut Emission) {
    let shown = tls::shown(deployment);
    for (index, listener) in deployment.listeners.iter().enumerate() {
        let Some(own) = &listener.tls else {
            continue;
        };
        if Some(own) != shown {
            let why = "nginx shows the same certificates at every address: those of the first listener that has some";
            emission.warn(format!("listeners[{index}].tls"), why);
        } else if own.certificates.len() > 1 {
            let why = "nginx shows one certificate of each kind of key, whatever name is asked for: one with all names is needed";
            emission.warn(format!("listeners[{index}].tls.certificates"), why);
        }
    }
}

fn scattered(emission: &mut Emission) {
    for practice in ["session-resumed-elsewhere", "session-scattered"] {
        emission.open(Gap {
            practice,
            is_partial: false,
            consequence: "before 1.29.6 nginx tells instances apart by their address only, and these have names."
                .to_owned(),
            way_out: "Write the instances' addresses, or use nginx 1.29.6 or later.".to_owned(),
        });
    }
}

fn discovery(
    deployment: &Deployment,
    upstream: &Upstream,
    abilities: Abilities,
    emission: &mut Emission,
) {
    let Endpoints::Discover { by, .. } = &upstream.endpoints else {
        return;
    };
    let key = format!("upstreams.{}.discover", upstream.name);
    if !abilities.resolves {
        let why = match by {
            Discovery::Dns => "before 1.27.3 nginx asks once, when it starts",
            Discovery::Srv => {
                "before 1.27.3 nginx cannot ask for SRV records: these files do not load"
            }
        };
        emission.warn(key, why);
    } else if deployment.resolver_servers.is_empty() {
        let why = match by {
            Discovery::Dns => {
                "nginx asks once, when it starts; with `resolver.servers` it asks again"
            }
            Discovery::Srv => {
                "nginx asks for SRV records only where `resolver.servers` says whom: these files do not load"
            }
        };
        emission.warn(key, why);
    }
}

/// nginx sends the same `Host` to every instance of an upstream.
fn host(upstream: &Upstream, emission: &mut Emission) {
    if upstream.host != HostHeader::Upstream {
        return;
    }
    let mut names: Vec<String> = instances(upstream)
        .iter()
        .map(|instance| instance.url.authority())
        .collect();
    names.dedup();
    if let [first, _, ..] = names.as_slice() {
        let why = format!("nginx sends every instance the same Host: {first}");
        emission.warn(format!("upstreams.{}.host", upstream.name), why);
    }
}
