//! What this deployment meets of Envoy's gaps, and what only it meets.

use propylon_config::{Deployment, Discovery, Endpoints};

use super::cluster::is_enveloped;
use crate::emission::{Emission, Gap};
use crate::unmet;

/// Settles gaps and warnings before the file is written, which says them.
pub(super) fn judge(deployment: &Deployment, emission: &mut Emission) {
    unmet::close(deployment, emission);
    unmet::warn_of_free_ports(deployment, "Envoy", emission);
    for upstream in deployment.upstreams.values() {
        if is_enveloped(upstream) {
            emission.open(readable(&upstream.name));
        }
        if let Endpoints::Discover {
            by: Discovery::Srv, ..
        } = upstream.endpoints
        {
            let why = "Envoy cannot ask for SRV records: it asks for the addresses of that name, and takes the URL's port";
            emission.warn(format!("upstreams.{}.discover", upstream.name), why);
        }
    }
}

fn readable(name: &str) -> Gap {
    Gap {
        practice: "session-id-readable",
        is_partial: true,
        consequence: format!(
            "the instances of {name} are found by a name, and no letter can stand for each: the id that clients see carries an address in Base64."
        ),
        way_out: "Write the instances as urls, or Propylon behind Envoy.".to_owned(),
    }
}
