//! The addresses that are listened on. All share what stands at the first: it is named there, and repeated by name.

use std::net::SocketAddr;

use propylon_config::{Deployment, IpNet, Listener};

use super::connections::{self, Sender, Shared};
use super::tls;
use super::word::kind;
use crate::text::Text;

/// Every listener.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    let mut shared = Shared::default();
    for (number, listener) in deployment.listeners.iter().enumerate() {
        text.line(format!("- name: listener_{number}"));
        text.deeper(|text| {
            text.line(format!("address: {}", address(&listener.address)));
            if !listener.proxy_protocol.is_empty() {
                text.line("listener_filters:");
                text.deeper(balanced);
            }
            text.line("filter_chains:");
            text.deeper(|text| {
                if !deployment.trusted_proxies.is_empty() {
                    chain(deployment, listener, Sender::Trusted, &mut shared, text);
                }
                chain(deployment, listener, Sender::Stranger, &mut shared, text);
            });
        });
    }
}

/// Reads the client's address from the first bytes of a connection.
fn balanced(text: &mut Text) {
    let own = kind("envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol");
    text.line(format!(
        "- {{ name: envoy.filters.listener.proxy_protocol, typed_config: {{ {own} }} }}"
    ));
}

/// An address as Envoy has it.
pub(super) fn address(address: &SocketAddr) -> String {
    let (ip, port) = (address.ip(), address.port());
    format!("{{ socket_address: {{ address: \"{ip}\", port_value: {port} }} }}")
}

/// What becomes of the connections of one kind of sender; those that no chain is for are closed.
fn chain(
    deployment: &Deployment,
    listener: &Listener,
    sender: Sender,
    shared: &mut Shared,
    text: &mut Text,
) {
    let mut matches = Vec::new();
    if sender == Sender::Trusted {
        matches.push(("source_prefix_ranges", &deployment.trusted_proxies));
    }
    if !listener.proxy_protocol.is_empty() {
        matches.push(("direct_source_prefix_ranges", &listener.proxy_protocol));
    }
    text.line(format!("- name: {}", sender.as_str()));
    text.deeper(|text| {
        if !matches.is_empty() {
            text.line("filter_chain_match:");
        }
        for (key, networks) in matches {
            text.deeper(|text| ranges(key, networks, text));
        }
        text.line("filters:");
        text.deeper(|text| connections::write(deployment, listener, sender, shared, text));
        if let Some(tls) = &listener.tls {
            tls::downstream(tls, listener.http2, text);
        }
    });
}

fn ranges(key: &str, networks: &[IpNet], text: &mut Text) {
    text.line(format!("{key}:"));
    text.deeper(|text| {
        for network in networks {
            let (address, length) = (network.addr(), network.prefix_len());
            text.held(
                format!("- {{ address_prefix: \"{address}\", prefix_len: {length} }}"),
                &["forwarded-spoofable"],
            );
        }
    });
}
