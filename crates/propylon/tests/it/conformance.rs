//! The official conformance suite, directly and through the proxy: the same counts, scenario by scenario.

use crate::front::serve;
use crate::real::servers::{Kind, Server};
use crate::real::suite::counts;

/// Both runs, each on a server fresh from its start.
fn same(kind: Kind, peer: &str, args: &[&str], scenarios_min: usize, passed_min: u32) {
    let direct = {
        let server = Server::start(kind, "alpha");
        counts(peer, &server.url(), args)
    };
    let server = Server::start(kind, "alpha");
    let proxy = serve(&[server.url()]);
    let through = counts(peer, &proxy.url("/mcp"), args);
    assert!(direct.len() >= scenarios_min, "{direct:?}");
    let passed: u32 = direct.values().map(|(passed, _)| passed).sum();
    assert!(
        passed >= passed_min,
        "the server itself passes {passed}: {direct:?}"
    );
    let differing = direct
        .iter()
        .filter(|(name, counts)| through.get(*name) != Some(counts));
    let differing: Vec<_> = differing
        .map(|(name, counts)| (name, counts, through.get(name)))
        .collect();
    assert!(
        differing.is_empty(),
        "scenario, direct, through us: {differing:#?}"
    );
    assert_eq!(direct.len(), through.len());
    proxy.stop();
}

#[test]
fn the_stable_suite_on_everything() {
    same(
        Kind::Everything,
        "conformance-0.1",
        &["--suite", "all"],
        30,
        12,
    );
}

#[test]
fn the_last_legacy_revision_on_everything() {
    same(
        Kind::Everything,
        "conformance-0.2",
        &["--requirements", "2025-11-25"],
        30,
        40,
    );
}

#[test]
fn the_modern_revision_on_everything() {
    same(
        Kind::Everything,
        "conformance-0.2",
        &["--requirements", "2026-07-28"],
        40,
        8,
    );
}

#[test]
fn the_stable_suite_on_the_suites_own_tools() {
    same(
        Kind::Conformance,
        "conformance-0.1",
        &["--suite", "all"],
        30,
        30,
    );
}

#[test]
fn the_last_legacy_revision_on_the_suites_own_tools() {
    same(
        Kind::Conformance,
        "conformance-0.2",
        &["--requirements", "2025-11-25"],
        30,
        60,
    );
}

#[test]
fn the_modern_revision_on_the_suites_own_tools() {
    same(
        Kind::Conformance,
        "conformance-0.2",
        &["--requirements", "2026-07-28"],
        40,
        60,
    );
}
