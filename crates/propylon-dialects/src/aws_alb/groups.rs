//! Target groups: one for each upstream, with its health checks and the addresses that a load balancer takes.

use std::net::Ipv4Addr;

use propylon_config::{Deployment, Endpoints, Scheme, Upstream, UpstreamUrl, UrlHost};

use super::asked::Asked;
use super::attributes::{self, seconds};
use super::limits::{GROUPS_MAX, fit};
use super::plan::Attribute;
use crate::emission::Emission;
use crate::quote::words;
use crate::way::{Way, instances};

/// Asked on instances whose description names no path; any answer below 500 shows that they live.
const ANY_PATH: &str = "/health";
/// What a name may have, less what stands before it in a target group's own.
const WORD_MAX: usize = 24;

/// The instances of one upstream.
pub(super) struct Group<'d> {
    pub(super) upstream: &'d Upstream,
    /// Its name in letters, digits and hyphens.
    pub(super) word: String,
    pub(super) protocol: &'static str,
    pub(super) port: u16,
    pub(super) health: Check,
    pub(super) attributes: Vec<Attribute>,
    pub(super) targets: Vec<(Ipv4Addr, u16)>,
}

impl Group<'_> {
    /// Its name as that of a variable.
    pub(super) fn variable(&self) -> String {
        format!("targets_{}", self.word.replace('-', "_"))
    }
}

/// How a target is asked whether it lives.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) path: String,
    pub(super) interval: u64,
    pub(super) timeout: u64,
    pub(super) rise: u64,
    pub(super) fall: u64,
    /// Status codes of one that does.
    pub(super) matcher: &'static str,
}

pub(super) fn of<'d>(
    deployment: &'d Deployment,
    ways: &[Way<'d>],
    asked: &Asked<'_>,
    emission: &mut Emission,
) -> Vec<Group<'d>> {
    let used = |name: &str| ways.iter().any(|way| way.upstream.name == name);
    let upstreams: Vec<&Upstream> = deployment
        .upstreams
        .values()
        .filter(|upstream| used(&upstream.name))
        .collect();
    if upstreams.len() as u64 > GROUPS_MAX.most {
        emission.warn("upstreams", GROUPS_MAX.said());
    }
    let drain = fit("drain", "drain", seconds(deployment.drain), asked, emission);
    let words = words(
        upstreams.iter().map(|upstream| upstream.name.as_str()),
        WORD_MAX,
    );
    let groups = upstreams.into_iter().zip(words);
    groups
        .map(|(upstream, word)| {
            let key = format!("upstreams.{}.affinity.ttl", upstream.name);
            let ttl = seconds(upstream.affinity.ttl);
            let ttl = fit("upstreams.<name>.affinity.ttl", &key, ttl, asked, emission);
            let first = upstream.endpoints.urls().first();
            Group {
                upstream,
                word,
                protocol: match first.map(|url| url.scheme) {
                    Some(Scheme::Https) => "HTTPS",
                    _ => "HTTP",
                },
                port: first.map_or(80, |url| url.port),
                health: check(upstream, asked, emission),
                attributes: attributes::of_group(upstream, drain, ttl),
                targets: targets(upstream, asked, emission),
            }
        })
        .collect()
}

/// How long a connection may be silent: the load balancer has one such time for all.
pub(super) fn idle(groups: &[Group<'_>], asked: &Asked<'_>, emission: &mut Emission) -> u64 {
    let mut longest = 1;
    for group in groups {
        let timeouts = &group.upstream.timeouts;
        for (name, time) in [
            ("idle", timeouts.idle),
            ("response_head", timeouts.response_head),
        ] {
            let setting = format!("upstreams.<name>.timeouts.{name}");
            let key = format!("upstreams.{}.timeouts.{name}", group.upstream.name);
            longest = longest.max(fit(&setting, &key, seconds(time), asked, emission));
        }
    }
    longest
}

fn check(upstream: &Upstream, asked: &Asked<'_>, emission: &mut Emission) -> Check {
    let Some(health) = &upstream.health else {
        return Check {
            path: ANY_PATH.to_owned(),
            interval: 10,
            timeout: 5,
            rise: 2,
            fall: 2,
            matcher: "200-499",
        };
    };
    let mut fit = |name: &str, value: u64| {
        let setting = format!("upstreams.<name>.health.{name}");
        let key = format!("upstreams.{}.health.{name}", upstream.name);
        fit(&setting, &key, value, asked, emission)
    };
    let interval = fit("interval", seconds(health.interval));
    Check {
        path: health.path.clone(),
        interval,
        // An answer must come before the next question.
        timeout: fit("timeout", seconds(health.timeout)).min(interval - 1),
        rise: fit("rise", u64::from(health.rise)),
        fall: fit("fall", u64::from(health.fall)),
        matcher: "200-299",
    }
}

/// The instances that can be targets; the others are reported.
fn targets(
    upstream: &Upstream,
    asked: &Asked<'_>,
    emission: &mut Emission,
) -> Vec<(Ipv4Addr, u16)> {
    if matches!(upstream.endpoints, Endpoints::Discover { .. }) {
        return Vec::new();
    }
    let mut targets = Vec::new();
    let mut lost = Vec::new();
    for instance in instances(upstream) {
        match address(instance.url) {
            Some(address) => targets.push((address, instance.url.port)),
            None => lost.push(instance.url.origin()),
        }
    }
    if !lost.is_empty() {
        emission.warn(
            asked.instances(&upstream.name),
            format!(
                "a target is an address of a private IPv4 network, so {} must be registered with {} by what runs it, \
                 such as an ECS service or the AWS Load Balancer Controller",
                lost.join(", "),
                "its target group"
            ),
        );
    }
    targets
}

/// The address of an instance, where a load balancer takes it (API_TargetDescription: the subnets of the VPC, RFC 1918
/// and RFC 6598).
fn address(url: &UpstreamUrl) -> Option<Ipv4Addr> {
    let UrlHost::Ip(std::net::IpAddr::V4(address)) = url.host else {
        return None;
    };
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    (address.is_private() || is_shared).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_private_networks_are_targets() {
        for (url, expected) in [
            ("http://10.0.0.1:3001", true),
            ("http://172.31.0.1", true),
            ("http://192.168.7.1", true),
            ("http://100.64.0.1", true),
            ("http://100.128.0.1", false),
            ("http://127.0.0.1", false),
            ("http://203.0.113.1", false),
            ("http://[fd00::1]", false),
            ("http://weather.internal", false),
        ] {
            assert_eq!(address(&url.parse().unwrap()).is_some(), expected, "{url}");
        }
    }
}
