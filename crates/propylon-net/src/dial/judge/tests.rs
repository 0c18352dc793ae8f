//! The judge against its corpora, its lists, and a second opinion.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn lines(text: &'static str) -> impl Iterator<Item = String> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(unescaped)
}

/// The corpora write characters that cannot be seen as `\uXXXX`.
fn unescaped(line: &str) -> String {
    let mut parts = line.split("\\u");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(4);
        out.extend(
            u32::from_str_radix(digits, 16)
                .ok()
                .and_then(char::from_u32),
        );
        out.push_str(rest);
    }
    out
}

/// What a proxy would do with the URL, names left unresolved.
fn judge(text: &str, policy: &Policy) -> Result<Site, Refusal> {
    let site = judge_url(text, policy)?;
    if let SiteHost::Ip(address) = site.host {
        judge_address(address, site.port, false, policy)?;
    }
    Ok(site)
}

#[test]
fn every_hostile_url_is_refused() {
    let policy = Policy::default();
    let urls: Vec<_> = lines(include_str!("corpus/hostile_urls.txt")).collect();
    assert!(urls.len() >= 400, "{} URLs", urls.len());
    let through: Vec<_> = urls
        .iter()
        .filter(|url| judge(url, &policy).is_ok())
        .collect();
    assert!(through.is_empty(), "let through: {through:#?}");
}

#[test]
fn every_good_url_is_let_through() {
    let policy = Policy::default();
    let refused: Vec<_> = lines(include_str!("corpus/good_urls.txt"))
        .filter_map(|url| judge(&url, &policy).err().map(|refusal| (url, refusal)))
        .collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}

#[test]
fn every_hostile_address_is_refused() {
    let policy = Policy::default();
    let addresses: Vec<IpAddr> = lines(include_str!("corpus/hostile_addresses.txt"))
        .map(|line| line.parse().expect("an address"))
        .collect();
    assert!(addresses.len() >= 300, "{} addresses", addresses.len());
    let through: Vec<_> = addresses
        .iter()
        .filter(|address| judge_address(**address, 443, false, &policy).is_ok())
        .collect();
    assert!(through.is_empty(), "let through: {through:#?}");
}

#[test]
fn the_refusal_names_rule_and_source() {
    let policy = Policy::default();
    for (url, rule, said) in [
        (
            "https://10.1.2.3/mcp",
            Rule::SpecialBlock,
            "10.1.2.3 is in 10.0.0.0/8, private use (RFC 1918)",
        ),
        (
            "https://[::ffff:127.0.0.1]/",
            Rule::Embedded,
            "::ffff:127.0.0.1 is 127.0.0.1 in IPv6 (IPv4-mapped) (RFC 4291, 2.5.5.2)",
        ),
        (
            "https://0x7f.1/",
            Rule::Spelling,
            "its host `0x7f.1` is a disguise of 127.0.0.1 (RFC 3986)",
        ),
        (
            "https://169.254.169.254/",
            Rule::Metadata,
            "169.254.169.254 is the metadata service of most clouds (the cloud's documentation)",
        ),
        (
            "https://a.internal/",
            Rule::SpecialName,
            "a.internal is under internal, which has no public names (ICANN resolution 2024.07.29.06)",
        ),
        (
            "http://a.example.com/",
            Rule::Scheme,
            "its scheme is http, and only https is let through (policy)",
        ),
        (
            "https://a.example.com:22/",
            Rule::Port,
            "port 22 is not one of 443, 8443 (policy)",
        ),
    ] {
        let refusal = judge(url, &policy).expect_err(url);
        assert_eq!(
            (refusal.rule, refusal.to_string().as_str()),
            (rule, said),
            "{url}"
        );
    }
}

fn with_lists(allow: &[&str], deny: &[&str]) -> Policy {
    Policy {
        allow: List::read(allow).expect("an allow list"),
        deny: List::read(deny).expect("a deny list"),
        ..Policy::default()
    }
}

#[test]
fn deny_wins_over_allow_and_allow_over_the_registries() {
    let policy = with_lists(
        &["10.0.0.0/8", "*.corp.internal"],
        &["10.6.0.0/16", "bad.corp.internal", "*.evil.com"],
    );
    for (url, is_allowed) in [
        ("https://10.1.0.1/", true),
        ("https://10.6.0.1/", false),
        ("https://192.168.0.1/", false),
        ("https://tools.corp.internal/", true),
        ("https://bad.corp.internal/", false),
        ("https://corp.internal/", false),
        ("https://xcorp.internal/", false),
        ("https://a.evil.com/", false),
        ("https://evil.com/", true),
    ] {
        assert_eq!(judge(url, &policy).is_ok(), is_allowed, "{url}");
    }
}

#[test]
fn an_allowed_block_opens_neither_metadata_nor_ipv4_inside_ipv6() {
    let refuses = |policy: &Policy, address: &str, is_name_allowed| {
        let address = address.parse().expect("an address");
        judge_address(address, 443, is_name_allowed, policy).is_err()
    };
    let wide = with_lists(&["0.0.0.0/0", "64:ff9b::/96"], &["10.0.0.0/8"]);
    assert!(refuses(&wide, "169.254.169.254", true));
    assert!(refuses(&wide, "64:ff9b::a9fe:a9fe", false));
    assert!(
        refuses(&wide, "64:ff9b::a00:1", false),
        "the deny list holds inside IPv6"
    );
    assert!(!refuses(&wide, "64:ff9b::c0a8:1", false));
    let translator = with_lists(&["64:ff9b::/96"], &[]);
    assert!(refuses(&translator, "64:ff9b::c0a8:1", false));
    let exact = with_lists(&["169.254.169.254"], &[]);
    assert!(!refuses(&exact, "169.254.169.254", false));
}

#[test]
fn a_translator_that_is_allowed_reaches_public_addresses() {
    let translator = with_lists(&["64:ff9b::/96"], &[]);
    let public = "64:ff9b::808:808".parse().expect("an address");
    assert_eq!(judge_address(public, 443, false, &translator), Ok(()));
}

#[test]
fn the_proxy_itself_is_never_a_backend() {
    let own: IpAddr = "93.184.215.14".parse().expect("an address");
    let policy = Policy {
        listeners: vec!["0.0.0.0:8443".parse().expect("an address")],
        own_addresses: vec![own],
        ..with_lists(&["127.0.0.0/8", "93.184.215.14"], &[])
    };
    let rule = |address: IpAddr, port| {
        judge_address(address, port, true, &policy)
            .err()
            .map(|r| r.rule)
    };
    assert_eq!(rule(own, 8443), Some(Rule::OwnListener));
    assert_eq!(
        rule(Ipv4Addr::LOCALHOST.into(), 8443),
        Some(Rule::OwnListener)
    );
    assert_eq!(
        rule(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(), 8443),
        Some(Rule::OwnListener)
    );
    assert_eq!(rule(own, 443), None);
    let strict = Policy {
        allow: List::default(),
        ..policy.clone()
    };
    let refusal = judge_address(own, 443, false, &strict)
        .err()
        .map(|r| r.rule);
    assert_eq!(refusal, Some(Rule::OwnAddress));
}

#[test]
fn a_list_says_what_it_cannot_read() {
    for text in ["", "*", "*.", "10.0.0.0/33", "a b", "1.2.3", "http://a"] {
        let error = List::read([text]).expect_err(text);
        assert!(
            error
                .to_string()
                .starts_with(&format!("`{text}` is neither")),
            "{error}"
        );
    }
    assert!(List::read(["bücher.example.com", "10.1.2.3/8", "::1", ".corp"]).is_ok());
}

/// The standard library's own predicates, as a second opinion: whatever one of them calls special must be refused.
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_judge_is_never_milder_than_the_standard_library(bits: u128, small: u32, is_v4: bool) {
        let address: IpAddr = if is_v4 {
            Ipv4Addr::from(small).into()
        } else {
            Ipv6Addr::from(bits).into()
        };
        let is_refused = judge_address(address, 443, false, &Policy::default()).is_err();
        prop_assert!(is_refused || !is_plainly_inside(address));
    }

    #[test]
    fn what_hides_a_private_address_is_refused(inner: u32, form in 0..6_usize) {
        let v4 = Ipv4Addr::from(inner);
        let [high, low] = [(inner >> 16) as u16, inner as u16];
        let hidden = match form {
            0 => v4.to_ipv6_mapped(),
            1 => v4.to_ipv6_compatible(),
            2 => Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            3 => Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            4 => Ipv6Addr::new(0x2001, 0, 1, 1, 1, 1, !high, !low),
            _ => Ipv6Addr::new(0x2600, 1, 2, 3, 0, 0x5efe, high, low),
        };
        prop_assert!(judge_address(hidden.into(), 443, false, &Policy::default()).is_err());
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in "\\PC{0,80}") {
        let _ = judge(&text, &Policy::default());
        let _ = judge(&format!("https://{text}"), &Policy::default());
        let _ = List::read([text]);
    }

    #[test]
    fn a_name_that_passes_is_plain_ascii(text in "https://\\PC{0,40}\\.com/") {
        if let Ok(Site { host: SiteHost::Name(name), .. }) = judge_url(&text, &Policy::default()) {
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b)));
        }
    }
}
