//! What this deployment meets of HAProxy's gaps, and what only it meets.

use propylon_config::{AccessLog, Deployment, Endpoints, HostHeader};

use super::backend::is_named_by_host;
use crate::emission::Emission;
use crate::unmet;
use crate::way::{instances, is_sticky};

const KEY_BESIDE: &str = "HAProxy reads the key from the certificate's own file, or from one beside it with `.key` behind its whole name: copy it there";

/// Settles gaps and warnings before the file is written, which says them.
pub(super) fn judge(deployment: &Deployment, emission: &mut Emission) {
    unmet::close(deployment, emission);
    unmet::warn_of_free_ports(deployment, "HAProxy", emission);
    unmet::warn_of_pins(deployment, "HAProxy", emission);
    unmet::warn_of_addresses(deployment, "HAProxy", emission);
    if !deployment.upstreams.values().any(is_sticky) {
        emission.close("affinity-unbounded");
        emission.close("reload-forgets-sessions");
    }
    if let AccessLog::File(_) = deployment.log.access {
        let why = "HAProxy writes to standard output or to syslog, and no log is set up";
        emission.warn("log.access", why);
    }
    for (index, listener) in deployment.listeners.iter().enumerate() {
        if listener.tls.is_some() {
            emission.warn(format!("listeners[{index}].tls.key"), KEY_BESIDE);
        }
    }
    for upstream in deployment.upstreams.values() {
        if upstream.tls.client.is_some() {
            emission.warn(format!("upstreams.{}.tls.key", upstream.name), KEY_BESIDE);
        }
        let is_alike = is_named_by_host(upstream) || instances(upstream).len() == 1;
        if upstream.host == HostHeader::Upstream && !is_alike {
            let why = "HAProxy sends every instance the Host of the first: an IPv6 address cannot name a server";
            emission.warn(format!("upstreams.{}.host", upstream.name), why);
        }
        if let Endpoints::Discover { .. } = upstream.endpoints {
            let why = "HAProxy follows up to 32 instances";
            emission.warn(format!("upstreams.{}.discover", upstream.name), why);
        }
    }
}
