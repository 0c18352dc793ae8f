//! One address, by number.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::blocks::special_block;
use super::embedded::{embedded, mapped};
use super::policy::{Policy, Refusal, Rule};

/// Addresses of cloud metadata services and of a host's own agents, outside of the registries' blocks or inside.
const METADATA: &[(IpAddr, &str)] = &[
    (
        v4(169, 254, 169, 254),
        "the metadata service of most clouds",
    ),
    (v4(169, 254, 170, 2), "the credentials of Amazon ECS tasks"),
    (v4(169, 254, 170, 23), "the credentials of Amazon EKS pods"),
    (
        v4(100, 100, 100, 200),
        "the metadata service of Alibaba Cloud",
    ),
    (
        v4(168, 63, 129, 16),
        "the platform service of Microsoft Azure",
    ),
    (v4(192, 0, 0, 192), "the metadata service of Oracle Cloud"),
    (
        v6(0xfd00, 0xec2, 0x254),
        "the metadata service of Amazon EC2",
    ),
    (
        v6(0xfd00, 0xec2, 0x23),
        "the credentials of Amazon EKS pods",
    ),
    (
        v6(0xfd20, 0xce, 0x254),
        "the metadata service of Google Cloud",
    ),
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(first: u16, second: u16, last: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, last))
}

/// Judges the address that would be dialled on `port`.
///
/// `is_name_allowed` says that the operator's allow list names the host: its addresses may then be private, but never
/// a metadata service or the proxy itself.
///
/// # Errors
/// The rule that refuses it. In order: deny list, the proxy's own listeners, metadata services, allow list, IPv4
/// inside IPv6, the special-purpose registries, the host's own addresses.
pub fn judge_address(
    address: IpAddr,
    port: u16,
    is_name_allowed: bool,
    policy: &Policy,
) -> Result<(), Refusal> {
    let inside = embedded(address).map(|found| IpAddr::V4(found.inner));
    // An IPv4 address inside an IPv6 one is judged as well: it is what would be reached.
    for judged in [Some(address), inside].into_iter().flatten() {
        refuse_always(address, judged, port, policy)?;
    }
    if is_name_allowed || policy.allow.block(address).is_some() {
        return match inside {
            Some(inner) => judge_address(inner, port, is_name_allowed, policy),
            None => Ok(()),
        };
    }
    if let Some(found) = embedded(address) {
        let what = format!("{address} is {} in IPv6 ({})", found.inner, found.form);
        return Err(Refusal::new(Rule::Embedded, what, found.source));
    }
    if let Some(block) = special_block(address) {
        let what = format!("{address} is in {}, {}", block.net, block.name);
        return Err(Refusal::new(Rule::SpecialBlock, what, block.source));
    }
    if policy.own_addresses.contains(&address) {
        let what = format!("{address} is an address of this host");
        return Err(Refusal::new(
            Rule::OwnAddress,
            what,
            "the host's interfaces",
        ));
    }
    Ok(())
}

/// What no allowed name and no wide allowed block lets through.
fn refuse_always(
    written: IpAddr,
    judged: IpAddr,
    port: u16,
    policy: &Policy,
) -> Result<(), Refusal> {
    if let Some(net) = policy.deny.block(judged) {
        let what = format!("{written} is on the deny list as {net}");
        return Err(Refusal::new(Rule::Denied, what, "deny list"));
    }
    let is_listener = policy.listeners.iter().any(|listener| {
        let ip = match listener.ip() {
            IpAddr::V6(ip) => mapped(ip),
            ip => ip,
        };
        let is_here = judged.is_loopback()
            || judged.is_unspecified()
            || policy.own_addresses.contains(&judged);
        listener.port() == port && (ip == judged || (ip.is_unspecified() && is_here))
    });
    if is_listener {
        let what = format!("{written} port {port} is this proxy itself");
        return Err(Refusal::new(
            Rule::OwnListener,
            what,
            "the proxy's listeners",
        ));
    }
    let is_named = policy
        .allow
        .block(judged)
        .is_some_and(|net| net.prefix_len() == net.max_prefix_len());
    match METADATA.iter().find(|(address, _)| *address == judged) {
        Some((_, whose)) if !is_named => {
            let what = format!("{written} is {whose}");
            Err(Refusal::new(
                Rule::Metadata,
                what,
                "the cloud's documentation",
            ))
        }
        _ => Ok(()),
    }
}
