//! What the official SDKs and the official conformance suite make of the probe.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, Peers};
use serde_json::{Value, json};

use crate::stand::Stand;

/// Long enough for an SDK to start on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Scenarios of the suite that need no fixture of its own, with their checks all passed.
const SCENARIOS: [&str; 13] = [
    "caching",
    "http-custom-header-server-validation",
    "http-header-validation",
    "input-required-result-unsupported-methods",
    "logging-set-level",
    "ping",
    "prompts-list",
    "resources-list",
    "sep-2164-resource-not-found",
    "server-initialize",
    "server-session-lifecycle",
    "server-sse-multiple-streams",
    "tools-list",
];

fn peers() -> Peers {
    Peers::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/peers")
        .join(name)
}

/// Runs a client to its end and gives what it printed.
fn output(command: Command) -> (bool, String) {
    let mut client = Guarded::start(command);
    let status = client.wait(PATIENCE);
    let said = client.output().text();
    (status.expect("the client ends in time").success(), said)
}

/// The JSON line a client printed last.
fn seen(command: Command) -> Value {
    let (succeeded, said) = output(command);
    assert!(succeeded, "{said}");
    let line = said.lines().rfind(|line| line.starts_with('{'));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no JSON in {said}"))).unwrap()
}

#[test]
fn the_python_sdk_talks_to_the_probe_in_both_eras() {
    let stand = Stand::new(1);
    let mut command = Command::new(peers().path("python-sdk"));
    command
        .arg(script("sdk.py"))
        .arg(format!("http://{}", stand.address()));
    let seen = seen(command);
    for (how, era, transport) in [
        ("legacy", "legacy", "streamable-http"),
        ("auto", "modern", "streamable-http"),
        ("sse", "legacy", "http-sse"),
    ] {
        let seen = &seen[how];
        assert_eq!(
            (&seen["era"], &seen["transport"]),
            (&json!(era), &json!(transport)),
            "{seen}"
        );
        assert_eq!(
            (&seen["emissions"], &seen["contents"], &seen["messages"]),
            (&json!(3), &json!(1), &json!(1))
        );
        assert!(seen["tools"].as_u64().unwrap() > 15);
    }
    assert_eq!(seen["auto"]["progress"], json!([1, 2, 3]));
    assert_eq!(
        seen["auto"]["mirrored"],
        json!([
            "Mcp-Param-Region: us",
            "Mcp-Param-Tenant-Id: =?base64?w6k=?="
        ])
    );
}

#[test]
fn the_typescript_sdks_talk_to_the_probe_in_both_eras() {
    let stand = Stand::new(1);
    let peers = peers();
    let mut command = Command::new(peers.path("node"));
    command
        .arg(script("sdk.cjs"))
        .arg(format!("http://{}", stand.address()))
        .arg(peers.modules("typescript-client"));
    let seen = seen(command);
    assert_eq!(
        seen["legacy"]["polled"], 4,
        "the stream is resumed after the probe ended its connection"
    );
    for era in ["legacy", "modern"] {
        let seen = &seen[era];
        assert_eq!(
            (&seen["era"], &seen["emissions"], &seen["bytes"]),
            (&json!(era), &json!(3), &json!(2_000_000))
        );
        assert_eq!(seen["progress"], json!([1, 2, 3]));
    }
}

#[test]
fn the_conformance_suite_finds_no_fault() {
    let stand = Stand::new(1);
    let peers = peers();
    let run = |scenario: &str| {
        let mut command = peers.command("conformance-0.2");
        let url = format!("http://{}/mcp", stand.address());
        command.args(["server", "--url", &url, "--scenario", scenario]);
        output(command).1
    };
    for scenario in SCENARIOS {
        let said = run(scenario);
        assert!(
            said.contains(" 0 failed") && !said.contains("Passed: 0/"),
            "{scenario}: {said}"
        );
    }
    // Four checks of this one want the suite's own fixture tools; nothing else may fail.
    let stateless = run("server-stateless");
    let faults: Vec<&str> = stateless
        .lines()
        .filter(|line| line.contains("Error:"))
        .collect();
    assert!(stateless.contains("Passed: 24/28"), "{stateless}");
    assert!(
        faults.iter().all(|fault| fault.contains("Not testable")),
        "{faults:?}"
    );
}
