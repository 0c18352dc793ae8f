//! What this deployment meets of Caddy's gaps, and what only it meets.

use propylon_config::{AffinityBy, Deployment, Endpoints, Level};

use crate::emission::{Emission, Gap};
use crate::unmet;

/// Settles gaps and warnings before the file is written, which says them.
pub(super) fn judge(deployment: &Deployment, emission: &mut Emission) {
    unmet::close(deployment, emission);
    unmet::warn_of_free_ports(deployment, "Caddy", emission);
    unmet::warn_of_pins(deployment, "Caddy", emission);
    for upstream in deployment.upstreams.values() {
        let is_discovered = matches!(upstream.endpoints, Endpoints::Discover { .. });
        if is_discovered && upstream.affinity.by == AffinityBy::Session {
            by_address(&upstream.name, emission);
        }
    }
    unmet::warn_of_lists(deployment, "Caddy", emission);
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
