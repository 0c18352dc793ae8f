//! What this deployment meets of Traefik's gaps, and what only it meets.

use propylon_config::{Deployment, Endpoints, Level};

use crate::emission::{Emission, Gap};
use crate::unmet;
use crate::way::is_sticky;

/// Settles gaps and warnings before the files are written, which say them.
pub(super) fn judge(deployment: &Deployment, emission: &mut Emission) {
    unmet::close(deployment, emission);
    unmet::warn_of_free_ports(deployment, "Traefik", emission);
    unmet::warn_of_pins(deployment, "Traefik", emission);
    let upstreams = || deployment.upstreams.values();
    if !upstreams().any(is_sticky) {
        emission.close("session-scattered");
        emission.close("session-resumed-elsewhere");
    }
    if upstreams().any(|upstream| is_sticky(upstream) && upstream.health.is_none()) {
        emission.open(unnoticed());
    }
    if !deployment.trusted_proxies.is_empty() {
        emission.open(appended());
    }
    for upstream in upstreams() {
        let name = &upstream.name;
        if let Endpoints::Discover { .. } = upstream.endpoints {
            let why = "Traefik's files name servers: it connects to the first address of the name that answers";
            emission.warn(format!("upstreams.{name}.discover"), why);
        }
    }
    if matches!(deployment.log.level, Level::Debug | Level::Trace) {
        let why = "Traefik's DEBUG writes whole requests, so that it stays at INFO";
        emission.warn("log.level", why);
    }
    unmet::warn_of_lists(deployment, "Traefik", emission);
    listeners(deployment, emission);
}

fn listeners(deployment: &Deployment, emission: &mut Emission) {
    let tls = || {
        deployment
            .listeners
            .iter()
            .filter_map(|listener| listener.tls.as_ref())
    };
    let client = tls().find_map(|tls| tls.client.clone());
    let least = tls().map(|tls| tls.min_version).max();
    for (index, listener) in deployment.listeners.iter().enumerate() {
        let own = listener.tls.as_ref().map(|tls| tls.min_version);
        if !listener.proxy_protocol.is_empty() {
            let why = "Traefik believes these balancers, and lets everybody else in as they come";
            emission.warn(format!("listeners[{index}].proxy_protocol"), why);
        }
        if listener
            .tls
            .as_ref()
            .is_some_and(|tls| tls.client != client)
        {
            let why = "Traefik asks for the same certificates at every listener: those of the first that asks";
            emission.warn(format!("listeners[{index}].tls.client"), why);
        }
        if own.is_some() && own != least {
            let why = "Traefik has one least version where no host is named; it is the newest of all listeners";
            emission.warn(format!("listeners[{index}].tls.min_version"), why);
        }
    }
}

fn appended() -> Gap {
    Gap {
        practice: "forwarded-spoofable",
        is_partial: true,
        consequence: "Behind a trusted proxy its list of addresses passes whole, with what a client has written in front of it.".to_owned(),
        way_out: "Trusted proxies that replace the list; or servers that read it from the right.".to_owned(),
    }
}

fn unnoticed() -> Gap {
    Gap {
        practice: "dead-session-status",
        is_partial: false,
        consequence: "Without `health` Traefik does not notice that an instance is gone: its clients get 502, their new sessions too, until it is back.".to_owned(),
        way_out: "Write `upstreams.<name>.health`: another instance then answers 404, and new sessions begin there.".to_owned(),
    }
}
