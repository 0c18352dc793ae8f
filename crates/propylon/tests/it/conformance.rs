//! The official conformance suite, directly and through the proxy: the same counts, scenario by scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch};

use crate::front::serve;
use crate::real::servers::{Kind, Server, peers};

/// Passed and failed checks by scenario.
type Counts = BTreeMap<String, (u32, u32)>;

/// Runs the suite `peer` with `args` against `url`.
fn counts(peer: &str, url: &str, args: &[&str]) -> Counts {
    let scratch = Scratch::new();
    let mut command = peers().command(peer);
    command
        .args(["server", "--url", url])
        .args(args)
        .arg("-o")
        .arg(scratch.path());
    let mut process = Guarded::start(command);
    let ended = process.wait(Duration::from_secs(180));
    let said = process.output().text();
    assert!(ended.is_some(), "the suite did not end:\n{said}");
    let (_, summary) = said
        .split_once("=== SUMMARY ===")
        .unwrap_or_else(|| panic!("no summary:\n{said}"));
    let lines = summary
        .lines()
        .take_while(|line| !line.starts_with("Total:"));
    lines.filter_map(scenario).collect()
}

/// Reads `✓ ping: 2 passed, 0 failed`.
fn scenario(line: &str) -> Option<(String, (u32, u32))> {
    let (name, counts) = line.strip_prefix(['✓', '✗'])?.trim().rsplit_once(": ")?;
    let (passed, failed) = counts.split_once(" passed, ")?;
    Some((
        name.to_owned(),
        (
            passed.parse().ok()?,
            failed.strip_suffix(" failed")?.parse().ok()?,
        ),
    ))
}

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
