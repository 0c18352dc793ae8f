//! Gaps that a deployment does not meet, whatever the product, and settings that several products lose alike.

use propylon_config::{Deployment, Scheme, UrlHost};

use crate::emission::Emission;
use crate::way::{has_several, ways};

/// Strikes out what needs a rewritten path, or several instances.
pub(crate) fn close(deployment: &Deployment, emission: &mut Emission) {
    if ways(deployment).iter().all(|way| !way.is_rewritten()) {
        emission.close("sse-endpoint-unrewritten");
    }
    if !deployment.upstreams.values().any(has_several) {
        emission.close("task-scattered");
    }
}

/// Says which listeners ask for a free port: whoever runs the files would not know which it is.
pub(crate) fn warn_of_free_ports(deployment: &Deployment, title: &str, emission: &mut Emission) {
    for (index, listener) in deployment.listeners.iter().enumerate() {
        if listener.address.port() == 0 {
            let why = format!("{title} does not say which free port it has: write one here");
            emission.warn(format!("listeners[{index}].address"), why);
        }
    }
}

/// Says which upstreams have pins, for a product that verifies by roots alone.
pub(crate) fn warn_of_pins(deployment: &Deployment, title: &str, emission: &mut Emission) {
    let upstreams = deployment.upstreams.values();
    for upstream in upstreams.filter(|upstream| !upstream.tls.pins.is_empty()) {
        let why = format!("{title} knows no pins: it verifies by `ca`, or by the system's roots");
        emission.warn(format!("upstreams.{}.tls.pins", upstream.name), why);
    }
}

/// Says where lists of revoked certificates are written, for a product that reads none.
pub(crate) fn warn_of_lists(deployment: &Deployment, title: &str, emission: &mut Emission) {
    let why =
        format!("{title} reads no lists of revoked certificates: short-lived ones are the way out");
    for (index, listener) in deployment.listeners.iter().enumerate() {
        let client = listener.tls.as_ref().and_then(|tls| tls.client.as_ref());
        if client.is_some_and(|client| client.crl.is_some()) {
            emission.warn(format!("listeners[{index}].tls.client.crl"), why.clone());
        }
    }
    let upstreams = deployment.upstreams.values();
    for upstream in upstreams.filter(|upstream| upstream.tls.crl.is_some()) {
        emission.warn(format!("upstreams.{}.tls.crl", upstream.name), why.clone());
    }
}

/// Says which instances have an address to be verified by, for a product that verifies names alone: it refuses them.
pub(crate) fn warn_of_addresses(deployment: &Deployment, title: &str, emission: &mut Emission) {
    for upstream in deployment.upstreams.values() {
        let mut urls = upstream.endpoints.urls().iter();
        let is_unnamed = upstream.tls.server_name.is_none()
            && urls.any(|url| url.scheme == Scheme::Https && matches!(url.host, UrlHost::Ip(_)));
        if is_unnamed {
            let why = format!(
                "{title} verifies names, not addresses, and refuses these instances: write `tls.server_name`"
            );
            emission.warn(format!("upstreams.{}.urls", upstream.name), why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_deployment_does_not_meet_is_struck_out() {
        let check = |path: &str, more: &str, expected: &[&str]| {
            let text = format!(
                "listeners: [{{ address: '127.0.0.1:0' }}]\nroutes: [{{ path: {path}, upstream: a }}]\nupstreams: {{ a: {{ urls: ['http://127.0.0.1:1/mcp'{more}] }} }}\n"
            );
            let deployment = propylon_config::load_str("a.yaml", &text)
                .unwrap()
                .deployment;
            let mut emission = crate::find("haproxy")
                .unwrap()
                .generate(&deployment, &crate::Options::default());
            let met = |id: &&str| emission.gaps.iter().any(|gap| gap.practice == *id);
            let both = ["sse-endpoint-unrewritten", "task-scattered"];
            let left: Vec<_> = both.iter().filter(|id| met(id)).copied().collect();
            assert_eq!(left, expected, "{text}");
            close(&deployment, &mut emission);
            assert_eq!(emission.warnings.len(), 1, "{:?}", emission.warnings);
        };
        check("/mcp", "", &[]);
        check("/x", "", &["sse-endpoint-unrewritten"]);
        check("/mcp", ", 'http://127.0.0.1:2/mcp'", &["task-scattered"]);
    }
}
