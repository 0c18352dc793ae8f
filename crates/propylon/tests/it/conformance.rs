//! The official conformance suite, directly and through the proxy to three instances: nothing worse, by scenario.

use std::collections::BTreeSet;

use crate::front::serve;
use crate::real::scenarios::{requirements, scenarios};
use crate::real::servers::{Kind, Server, replicas};
use crate::real::suite::{Counts, counts};
use crate::real::task_server;

/// Both runs, each on a server fresh from its start.
fn same(kind: Kind, peer: &str, args: &[&str], scenarios_min: usize, passed_min: u32) {
    let direct = {
        let server = Server::start(kind, "alpha");
        counts(peer, &server.url(), args)
    };
    let servers = replicas(kind);
    let urls: Vec<_> = servers.iter().map(Server::url).collect();
    let proxy = serve(&urls);
    let through = counts(peer, &proxy.url("/mcp"), args);
    compare(&direct, &through, scenarios_min, passed_min);
    proxy.stop();
}

fn compare(direct: &Counts, through: &Counts, scenarios_min: usize, passed_min: u32) {
    assert!(direct.len() >= scenarios_min, "{direct:?}");
    let passed: u32 = direct.values().map(|(passed, _)| passed).sum();
    assert!(
        passed >= passed_min,
        "the server itself passes {passed}: {direct:?}"
    );
    let differing = direct
        .iter()
        .filter(|(name, counts)| !is_kept(name, **counts, through.get(*name)));
    let differing: Vec<_> = differing
        .map(|(name, counts)| (name, counts, through.get(name)))
        .collect();
    assert!(
        differing.is_empty(),
        "scenario, direct, through us: {differing:#?}"
    );
    assert_eq!(direct.len(), through.len());
}

/// The scenarios of the tasks extension, whose servers keep their tasks in memory.
#[test]
fn the_task_scenarios_on_three_instances() {
    let of_tasks = |url: &str| {
        let mut counts = counts("conformance-0.2", url, &["--requirements", "2026-07-28"]);
        counts.retain(|name, _| name.starts_with("tasks-"));
        counts
    };
    let alone = task_server::start("alone");
    let direct = of_tasks(&alone.url("/mcp"));
    let servers = ["alpha", "beta", "gamma"].map(task_server::start);
    let urls = servers.each_ref().map(|server| server.url("/mcp"));
    let proxy = serve(&urls);
    let through = of_tasks(&proxy.url("/mcp"));
    compare(&direct, &through, 9, 30);
    let failed: u32 = through.values().map(|(_, failed)| failed).sum();
    assert_eq!(failed, 0, "{through:?}");
    let asked = servers.each_ref().map(|server| server.exchanges().len());
    assert!(asked.iter().all(|count| *count > 5), "spread: {asked:?}");
    proxy.stop();
}

/// Scenarios that ask for what the proxy does itself: foreign origins, and headers that mirror the body. A server that
/// does less does better behind it.
const OURS_TOO: [&str; 4] = [
    "dns-rebinding-protection",
    "http-header-validation",
    "server-stateless",
    "tasks-request-headers",
];

/// Whether a scenario fares as it does directly: passed and failed checks alike, or fewer failures where that is ours.
fn is_kept(name: &str, direct: (u32, u32), through: Option<&(u32, u32)>) -> bool {
    let Some(through) = through else { return false };
    let better = through.1 < direct.1 && through.0 + through.1 == direct.0 + direct.1;
    direct == *through || OURS_TOO.contains(&name) && better
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

/// What the suites can be asked for beyond the sets above: revisions before those, and the extensions of `pending`. What
/// `active`, `draft` and `all` name besides is in a set already, which the end of this test holds to.
#[test]
fn every_other_set_on_the_suites_own_tools() {
    let alone = Server::start(Kind::Conformance, "alpha");
    let servers = replicas(Kind::Conformance);
    let urls: Vec<_> = servers.iter().map(Server::url).collect();
    let proxy = serve(&urls);
    let mut run = BTreeSet::new();
    for (peer, args, scenarios_min, passed_min) in [
        (
            "conformance-0.1",
            "--suite all --spec-version 2025-06-18",
            26,
            20,
        ),
        (
            "conformance-0.2",
            "--suite all --spec-version 2025-03-26",
            1,
            3,
        ),
        (
            "conformance-0.2",
            "--suite all --spec-version 2025-06-18",
            27,
            50,
        ),
        ("conformance-0.2", "--suite pending", 15, 30),
    ] {
        let args: Vec<_> = args.split(' ').collect();
        let direct = counts(peer, &alone.url(), &args);
        let through = counts(peer, &proxy.url("/mcp"), &args);
        compare(&direct, &through, scenarios_min, passed_min);
        run.extend(direct.into_keys());
    }
    proxy.stop();
    let required = requirements("conformance-0.2");
    let revisions: Vec<_> = required.keys().map(String::as_str).collect();
    assert_eq!(revisions, ["2025-11-25", "2026-07-28"], "each has tests");
    let is_run =
        |name: &String| run.contains(name) || required.values().any(|set| set.contains(name));
    let left: Vec<_> = scenarios("conformance-0.2")
        .into_iter()
        .filter(|name| !is_run(name))
        .collect();
    assert_eq!(left, [""; 0], "scenarios that no test runs");
}
