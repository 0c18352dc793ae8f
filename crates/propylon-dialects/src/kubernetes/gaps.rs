//! What only this deployment meets in a cluster.

use propylon_config::{AccessLog, Store};

use super::plan::{Plan, is_discovered, is_sealed};
use crate::emission::{Emission, Gap};
use crate::options::Options;

pub(super) fn say(plan: &Plan<'_>, options: &Options, emission: &mut Emission) {
    if plan.deployment.trusted_proxies.is_empty() {
        emission.open(Gap {
            practice: "forwarded-spoofable",
            is_partial: true,
            consequence: "the Gateway is not among trusted_proxies, so every client has its address, and limits.streams_per_client counts them as one.".to_owned(),
            way_out: "Write the network of the Gateway's Pods as trusted_proxies.".to_owned(),
        });
    }
    if !plan.has_sessions() || !plan.upstreams.iter().any(is_discovered) {
        emission.close("task-scattered");
    }
    if !plan.has_sessions() {
        emission.close("sse-endpoint-unrewritten");
    }
    pods(plan, options, emission);
    if matches!(plan.deployment.log.access, AccessLog::File(_)) {
        emission.warn(
            "log.access",
            "a Pod's log goes to its standard output, where the cluster collects it",
        );
    }
}

/// Instances that the cluster places are found by a name, and their sessions by themselves.
fn pods(plan: &Plan<'_>, options: &Options, emission: &mut Emission) {
    let is_written = |key: &str| options.written.iter().any(|written| written.key == key);
    for each in &plan.upstreams {
        let name = &each.upstream.name;
        if let Some(service) = &each.service {
            let key = ["urls", "url"].map(|key| format!("upstreams.{name}.{key}"));
            let key = key.into_iter().find(|key| is_written(key));
            emission.warn(
                key.unwrap_or_else(|| format!("upstreams.{name}.url")),
                format!(
                    "the cluster places Pods, so the instances are all ready Pods with app.kubernetes.io/name: {service} \
                     that listen on {}, found by the headless Service of that name",
                    each.port
                ),
            );
        }
        let key = format!("upstreams.{name}.affinity.store");
        if is_sealed(each.upstream)
            && each.upstream.affinity.store == Store::Memory
            && is_written(&key)
        {
            emission.warn(key, "replicas have no memory in common, so the instance is sealed into the session's id");
        }
    }
}
