//! What every dialect must keep, whoever writes it.

use propylon_config::{load_str, setting};
use propylon_practices::{PRACTICES, find as practice};

use super::*;
use crate::text::MARKER;

const SIMPLE: &str = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /mcp, upstream: mcp }]\nupstreams:\n  mcp: { urls: ['http://127.0.0.1:9101/mcp', 'http://127.0.0.1:9102/mcp'] }\n";

fn emission(target: &Target) -> Emission {
    let loaded = load_str("simple.yaml", SIMPLE).unwrap();
    let options = Options {
        written: loaded.written,
        ..Options::default()
    };
    target.generate(&loaded.deployment, &options)
}

#[test]
fn targets_are_sorted_and_found() {
    assert!(TARGETS.is_sorted_by_key(|target| target.name()));
    for target in TARGETS {
        assert_eq!(find(target.name()).unwrap().name(), target.name());
    }
    assert!(find("apache").is_none());
}

#[test]
fn keys_are_in_the_table_of_settings() {
    for target in TARGETS {
        let without = target.without.iter().map(|without| without.setting);
        for key in target.honours.iter().copied().chain(without.clone()) {
            assert!(setting(key).is_some(), "{}: {key}", target.name());
        }
        for key in without {
            assert!(!target.honours.contains(&key), "{}: {key}", target.name());
        }
        assert!(target.honours.is_sorted(), "{}", target.name());
        assert!(target.without.is_sorted_by_key(|without| without.setting));
    }
}

#[test]
fn coverage_is_sorted_known_and_says_why() {
    for target in TARGETS {
        let rows = target.coverage;
        assert!(
            rows.is_sorted_by(|a, b| a.practice < b.practice),
            "{}",
            target.name()
        );
        for row in rows {
            let at = format!("{}: {}", target.name(), row.practice);
            assert!(practice(row.practice).is_some(), "{at}");
            assert!(row.note.len() > 5, "{at}: `{}`", row.note);
            assert_eq!(row.is_gap(), !row.way_out.is_empty(), "{at}");
        }
    }
}

#[test]
fn files_are_marked_clean_and_the_same_each_time() {
    for target in TARGETS {
        let emission = emission(target);
        assert_eq!(emission, self::emission(target), "{}", target.name());
        assert!(!emission.files.is_empty(), "{}", target.name());
        for file in &emission.files {
            let at = format!("{}: {}", target.name(), file.path);
            assert!(
                file.text.lines().take(3).any(|line| line.contains(MARKER)),
                "{at}"
            );
            assert!(
                file.text.ends_with('\n') && !file.text.ends_with("\n\n"),
                "{at}"
            );
            assert!(
                !file.text.contains('\t') || target.name() == "caddy",
                "{at}"
            );
            let untidy = file.text.lines().find(|line| line.ends_with(' '));
            assert_eq!(untidy, None, "{at}");
            assert!(
                !file.path.starts_with('/') && !file.path.contains(".."),
                "{at}"
            );
        }
    }
}

#[test]
fn a_setting_without_counterpart_is_named() {
    let text = SIMPLE.to_owned() + "limits: { peek_bytes: 32KiB }\n";
    let loaded = load_str("simple.yaml", &text).unwrap();
    let options = Options {
        written: loaded.written,
        ..Options::default()
    };
    for target in TARGETS {
        let is_honoured = target.honours.contains(&"limits.peek_bytes");
        let emission = target.generate(&loaded.deployment, &options);
        let named = emission
            .warnings
            .iter()
            .filter(|warning| warning.setting == "limits.peek_bytes");
        assert_eq!(
            named.count(),
            usize::from(!is_honoured),
            "{}",
            target.name()
        );
    }
}

/// What products cannot do alike: instances behind a name, verified over TLS, several hosts, and TLS towards clients.
const DEMANDING: &str = "listeners: [{ address: '[::1]:8443', tls: { certificate: a.pem, key: a.key, min_version: '1.3', hsts: 30d, client: { ca: clients.pem, crl: revoked.pem } }, proxy_protocol: [10.9.0.0/16] }, { address: 0.0.0.0:8080, health: off, redirect: https:9443 }]\nroutes: [{ host: '*.example.com', path: /mcp, upstream: found }, { host: a.example.com, path: /, upstream: verified, cors: { origins: ['*'] } }]\nupstreams:\n  found: { url: 'http://mcp.internal:3001/mcp', discover: dns }\n  verified: { urls: ['https://10.0.0.1/x', 'https://10.0.0.2/x'], host: mcp.internal, tls: { ca: ca.pem, server_name: mcp.internal } }\nresolver: { servers: ['10.0.0.53:53'] }\n";

#[test]
fn a_demanding_description_is_written_or_its_losses_are_said() {
    let loaded = load_str("demanding.yaml", DEMANDING).unwrap();
    let options = Options {
        written: loaded.written,
        ..Options::default()
    };
    for target in TARGETS {
        let emission = target.generate(&loaded.deployment, &options);
        let all: String = emission
            .files
            .iter()
            .map(|file| file.text.as_str())
            .collect();
        let lost = |setting: &str| {
            let mut warnings = emission.warnings.iter();
            warnings.any(|warning| warning.setting.starts_with(setting))
        };
        let at = target.name();
        for (setting, signs) in [
            ("listeners[0].tls", &["a.pem"][..]),
            ("listeners[0].tls.client.ca", &["clients.pem"]),
            ("listeners[0].tls.client.crl", &["revoked.pem"]),
            // In seconds, or as descriptions have it.
            ("listeners[0].tls.hsts", &["2592000", "hsts: "]),
            ("listeners[0].proxy_protocol", &["10.9.0.0"]),
            ("listeners[1].redirect", &["9443"]),
            ("upstreams.verified.tls.ca", &["ca.pem"]),
            ("upstreams.found.discover", &["mcp.internal"]),
        ] {
            let is_written = signs.iter().any(|sign| all.contains(sign));
            assert!(is_written || lost(setting), "{at}: {setting}");
        }
    }
}

#[test]
fn every_practice_has_a_row_in_every_target() {
    for target in TARGETS {
        let rows: Vec<_> = target.coverage.iter().map(|row| row.practice).collect();
        let all: Vec<_> = PRACTICES.iter().map(|practice| practice.id).collect();
        assert_eq!(rows, all, "{}", target.name());
    }
}
