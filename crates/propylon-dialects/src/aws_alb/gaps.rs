//! What only this deployment meets, and what it asks for that the load balancer has no means for.

use propylon_config::{AffinityBy, HostHeader, Scheme};

use super::asked::Asked;
use super::limits::{PATTERN_MAX, RULES_MAX};
use super::plan::Plan;
use crate::emission::{Emission, Gap};
use crate::unmet;
use crate::way::{has_several, instances};

pub(super) fn say(plan: &Plan<'_>, asked: &Asked<'_>, emission: &mut Emission) {
    affinity(plan, emission);
    health(plan, emission);
    times(plan, emission);
    if plan.groups.iter().all(|group| group.protocol == "HTTP") {
        emission.close("tls-upstream-unverified");
    }
    unmet::close(plan.deployment, emission);
    listeners(plan, emission);
    routes(plan, emission);
    hosts(plan, asked, emission);
}

/// One instance is always the right one.
fn affinity(plan: &Plan<'_>, emission: &mut Emission) {
    let mut upstreams = plan.groups.iter().map(|group| group.upstream);
    if !upstreams.any(|each| has_several(each) && each.affinity.by == AffinityBy::Session) {
        emission.close("session-scattered");
        emission.close("session-resumed-elsewhere");
    }
}

fn health(plan: &Plan<'_>, emission: &mut Emission) {
    let unasked = plan
        .groups
        .iter()
        .filter(|group| group.upstream.health.is_none());
    let names: Vec<&str> = unasked.map(|group| group.upstream.name.as_str()).collect();
    if !names.is_empty() {
        emission.open(Gap {
            practice: "health-missing",
            is_partial: true,
            consequence: format!(
                "the description names no health path of {}, so /health is asked and every answer below 500 is taken for health.",
                names.join(" and ")
            ),
            way_out: "Give the servers a health path, and write it as `health: { path: … }`.".to_owned(),
        });
    }
}

/// What servers must do about the one time there is.
fn times(plan: &Plan<'_>, emission: &mut Emission) {
    let (idle, longer) = (plan.idle, plan.idle + 60);
    for practice in ["idle-timeout-order", "keepalive-race"] {
        emission.open(Gap {
            practice,
            is_partial: true,
            consequence: format!(
                "idle connections to targets are kept for {idle} s as those of clients are, and a server that closes one \
                 earlier (Node: 5 s) does so while a request is under way."
            ),
            way_out: format!(
                "Let the servers keep idle connections for {longer} s: server.keepAliveTimeout in Node, \
                 --timeout-keep-alive in uvicorn."
            ),
        });
    }
}

/// A listener without TLS is not there: its port is not heard.
fn listeners(plan: &Plan<'_>, emission: &mut Emission) {
    let ports: Vec<String> = plan
        .listeners
        .iter()
        .map(|listener| listener.port.to_string())
        .collect();
    for (number, listener) in plan.deployment.listeners.iter().enumerate() {
        let key = format!("listeners[{number}].address");
        emission.warnings.retain(|warning| warning.setting != key);
        if listener.tls.is_none() {
            emission.warn(
                key,
                format!(
                    "the load balancer takes MCP over TLS only, at port {}, with the certificate of CertificateArn",
                    ports.join(" and ")
                ),
            );
        }
    }
}

fn routes(plan: &Plan<'_>, emission: &mut Emission) {
    if plan.rules.len() as u64 > RULES_MAX.most {
        emission.warn(
            "routes",
            format!(
                "they come to {} rules; {}, unless AWS grants more",
                plan.rules.len(),
                RULES_MAX.said()
            ),
        );
    }
    for (number, route) in plan.deployment.routes.iter().enumerate() {
        let inside = plan
            .ways
            .iter()
            .find(|way| std::ptr::eq(way.route, route))
            .map_or("", |way| way.endpoint);
        for path in [route.path.as_str(), inside] {
            if !is_taken(path) {
                emission.warn(
                    format!("routes[{number}].path"),
                    format!("`{path}` has characters that patterns of a load balancer read as others, or more than {PATTERN_MAX}"),
                );
            }
        }
        let host = route.host.as_deref().unwrap_or("x.example");
        let end = host.rsplit('.').next().unwrap_or_default();
        if !host.contains('.')
            || host.len() > PATTERN_MAX
            || !end.bytes().all(|byte| byte.is_ascii_alphabetic())
        {
            emission.warn(
                format!("routes[{number}].host"),
                format!("AWS takes only names with a dot, whose last label is of letters, of at most {PATTERN_MAX} characters"),
            );
        }
    }
}

/// Whether a path means itself in a pattern and in a transform, with the `/*` that is put behind it.
fn is_taken(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./~@:+&;=,".contains(&byte);
    path.len() + 2 <= PATTERN_MAX && path.bytes().all(is_plain)
}

/// A rule writes one `Host`, so that of several instances must be the same.
fn hosts(plan: &Plan<'_>, asked: &Asked<'_>, emission: &mut Emission) {
    for group in &plan.groups {
        let upstream = group.upstream;
        let mut authorities: Vec<String> = instances(upstream)
            .iter()
            .map(|instance| instance.url.authority())
            .collect();
        authorities.dedup();
        if upstream.host == HostHeader::Upstream && authorities.len() > 1 {
            emission.warn(
                format!("upstreams.{}.host", upstream.name),
                format!(
                    "a rule writes the same Host for every target, which is {}",
                    authorities.first().map_or("", String::as_str)
                ),
            );
        }
        let schemes = instances(upstream);
        let mut schemes = schemes
            .iter()
            .map(|instance| instance.url.scheme == Scheme::Https);
        let first = schemes.next();
        if schemes.any(|scheme| Some(scheme) != first) {
            emission.warn(
                asked.instances(&upstream.name),
                format!(
                    "a target group has one protocol for all its targets, which is {}",
                    group.protocol
                ),
            );
        }
    }
}
