//! What this deployment meets of Caddy's gaps, and what only it meets.

use propylon_config::{AffinityBy, Deployment, Endpoints, Level};

use crate::emission::{Emission, Gap};
use crate::way::{has_several, ways};

/// Settles gaps and warnings before the file is written, which says them.
pub(super) fn judge(deployment: &Deployment, emission: &mut Emission) {
    if ways(deployment).iter().all(|way| !way.is_rewritten()) {
        emission.close("sse-endpoint-unrewritten");
    }
    if !deployment.upstreams.values().any(has_several) {
        emission.close("task-scattered");
    }
    for upstream in deployment.upstreams.values() {
        let is_discovered = matches!(upstream.endpoints, Endpoints::Discover { .. });
        if is_discovered && upstream.affinity.by == AffinityBy::Session {
            by_address(&upstream.name, emission);
        }
        if !upstream.tls.pins.is_empty() {
            let why = "Caddy knows no pins: it verifies the certificate by `ca`, or by the system's roots";
            emission.warn(format!("upstreams.{}.tls.pins", upstream.name), why);
        }
    }
    for (index, listener) in deployment.listeners.iter().enumerate() {
        if listener.address.port() == 0 {
            let why = "Caddy cannot tell which free port it was given: write one here";
            emission.warn(format!("listeners[{index}].address"), why);
        }
    }
    if matches!(deployment.log.level, Level::Debug | Level::Trace) {
        let why = "Caddy's DEBUG writes headers, so that it stays at INFO";
        emission.warn("log.level", why);
    }
}

fn by_address(name: &str, emission: &mut Emission) {
    for practice in ["session-resumed-elsewhere", "session-scattered"] {
        emission.open(Gap {
            practice,
            is_partial: true,
            consequence: format!(
                "the instances of {name} are found by a name, and no letter can stand for each: sessions follow the address of their client, and are lost when it or the number of instances changes."
            ),
            way_out: "Write the instances as urls; or instances that share their sessions, or Propylon behind Caddy.".to_owned(),
        });
    }
}
