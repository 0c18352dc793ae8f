//! The addresses that are listened on. All share what stands at the first: it is named there, and repeated by name.

use std::net::SocketAddr;

use propylon_config::{Deployment, Listener};

use super::manager::{self, Sender};
use super::tls;
use crate::text::Text;

/// Every listener.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    let mut is_first = true;
    for (number, listener) in deployment.listeners.iter().enumerate() {
        text.line(format!("- name: listener_{number}"));
        text.deeper(|text| {
            text.line(format!("address: {}", address(&listener.address)));
            text.line("filter_chains:");
            text.deeper(|text| {
                if !deployment.trusted_proxies.is_empty() {
                    trusted(deployment, listener, is_first, text);
                    is_first = false;
                }
                let chain = |text: &mut Text| {
                    manager::write(deployment, Sender::Stranger, is_first, text);
                };
                filters("- filters:", listener, chain, text);
                is_first = false;
            });
        });
    }
}

/// An address as Envoy has it.
pub(super) fn address(address: &SocketAddr) -> String {
    let (ip, port) = (address.ip(), address.port());
    format!("{{ socket_address: {{ address: \"{ip}\", port_value: {port} }} }}")
}

/// The chain for connections of trusted proxies, whose words about the client count.
fn trusted(deployment: &Deployment, listener: &Listener, is_first: bool, text: &mut Text) {
    text.line("- filter_chain_match:");
    text.deeper(|text| {
        text.deeper(|text| {
            text.line("source_prefix_ranges:");
            text.deeper(|text| {
                for network in &deployment.trusted_proxies {
                    let (address, length) = (network.addr(), network.prefix_len());
                    text.held(
                        format!("- {{ address_prefix: \"{address}\", prefix_len: {length} }}"),
                        &["forwarded-spoofable"],
                    );
                }
            });
        });
        let chain = |text: &mut Text| {
            manager::write(deployment, Sender::Trusted, is_first, text);
        };
        filters("filters:", listener, chain, text);
    });
}

/// The filters of a chain under `open`, which may begin an item of a list, and its certificates.
fn filters(open: &str, listener: &Listener, chain: impl FnOnce(&mut Text), text: &mut Text) {
    text.line(open);
    let inside = |text: &mut Text| {
        text.deeper(chain);
        if let Some(tls) = &listener.tls {
            tls::downstream(tls, text);
        }
    };
    if open.starts_with("- ") {
        text.deeper(inside);
    } else {
        inside(text);
    }
}
