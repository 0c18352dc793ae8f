//! The judge of URLs and addresses: what it lets through is plain, stable, and nowhere inside.
//!
//! `cargo xtask fuzz` runs it for a minute on the stable toolchain, guided by coverage; `cargo +nightly fuzz run guard`
//! with sanitizers.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use propylon_net::dial::judge::{List, Policy, SiteHost, judge_address, judge_redirect, judge_url};

/// The standard library's own predicates, as a second opinion.
fn is_plainly_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_unspecified()
                || v4.is_multicast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    }
}

fn judge_text(text: &str) {
    let policy = Policy {
        allow_http: true,
        ports: (1..=u16::MAX).collect(),
        ..Policy::default()
    };
    let Ok(site) = judge_url(text, &policy) else {
        return;
    };
    let again = judge_url(&site.url, &policy);
    assert_eq!(
        again.as_ref(),
        Ok(&site),
        "its canonical spelling is its own"
    );
    match &site.host {
        SiteHost::Ip(address) => {
            let is_let = judge_address(*address, site.port, false, &policy).is_ok();
            assert!(!is_let || !is_plainly_inside(*address), "{address}");
        }
        SiteHost::Name(name) => {
            let plain = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte)
            };
            assert!(name.bytes().all(plain), "{name}");
            assert!(name.parse::<IpAddr>().is_err(), "{name}");
        }
    }
    if let Ok(path) = judge_redirect(&site.url, text.as_bytes()) {
        assert!(path.starts_with('/'), "{path}");
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        judge_text(text);
        judge_text(&format!("https://{text}"));
        let _ = List::read([text]);
        let _ = judge_redirect("https://a.example.com/mcp", data);
    }
    let mut addresses = Vec::new();
    if let Some(bytes) = data.first_chunk::<4>() {
        addresses.push(IpAddr::V4(Ipv4Addr::from(*bytes)));
    }
    if let Some(bytes) = data.first_chunk::<16>() {
        addresses.push(IpAddr::V6(Ipv6Addr::from(*bytes)));
    }
    for address in addresses {
        let is_let = judge_address(address, 443, false, &Policy::default()).is_ok();
        assert!(!is_let || !is_plainly_inside(address), "{address}");
    }
});
