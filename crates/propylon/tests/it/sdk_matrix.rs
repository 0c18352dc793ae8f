//! Real clients of every SDK, through the proxy, with three replicas of real servers of every SDK, in both eras.
//!
//! Each walk is also taken without the proxy, so that a failure tells whose it is.

use std::collections::BTreeSet;

use serde_json::json;

use crate::real::rmcp_client::{self, Abilities, Era};
use crate::real::scripts::{self, Steps};
use crate::real::servers::{Group, Kind, group};

/// The milliseconds after which each of four progress steps is due.
const STEP_MS: i64 = 150;

fn name(kind: Kind) -> &'static str {
    if kind == Kind::Everything {
        "everything"
    } else {
        "standard"
    }
}

/// Both ways to the server: without us, and then through us.
fn both(group: &'static Group) -> impl Iterator<Item = String> {
    [Group::direct, Group::through]
        .into_iter()
        .map(|way| way(group))
}

/// What every walk must have seen.
fn check_calls(steps: &Steps) {
    assert!(
        steps.at("list")["tools"]
            .as_array()
            .is_some_and(|tools| tools.len() >= 8)
    );
    let echoed = steps.at("echo")["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(echoed.ends_with("naïve ☕ 你好"), "{echoed}");
    assert!(
        steps.at("add")["text"]
            .as_str()
            .is_some_and(|text| text.contains('5'))
    );
    let arrivals = steps.at("progress")["arrivals"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(arrivals.len(), 4, "{arrivals:?}");
    // Held back, they would come all at once; a busy machine may delay each of them.
    let at = |arrival: Option<&serde_json::Value>| arrival.and_then(serde_json::Value::as_i64);
    let spread = at(arrivals.last()).zip(at(arrivals.first()));
    assert!(
        spread.is_some_and(|(last, first)| last - first >= STEP_MS * 3 / 2),
        "{arrivals:?}"
    );
    assert!(
        steps.at("ask")["text"]
            .as_str()
            .is_some_and(|text| text.contains("blue"))
    );
    assert!(
        steps.at("sample")["text"]
            .as_str()
            .is_some_and(|text| text.contains("propylon"))
    );
}

fn check_legacy(kind: Kind, steps: &Steps) {
    check_calls(steps);
    assert_eq!(steps.at("initialize")["version"], "2025-11-25");
    steps.at("notified");
    let instance = steps.at("whoami")["instance"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        ["alpha", "beta", "gamma"].contains(&instance.as_str()),
        "{instance}"
    );
    // The everything server says 400 to a session it has forgotten, and we pass that on.
    let gone = if kind == Kind::Everything { 400 } else { 404 };
    assert_eq!(steps.at("terminated")["status"], gone);
}

fn check_sessions(steps: &Steps) {
    let sessions = steps.at("sessions");
    assert_eq!(
        (&sessions["count"], &sessions["moved"]),
        (&json!(60), &json!([])),
        "{sessions}"
    );
    assert_eq!(
        sessions["instances"],
        json!(["alpha", "beta", "gamma"]),
        "new sessions are spread"
    );
}

fn walk_python(kind: Kind) {
    let group = group(kind);
    // The Rust SDK's server has no way to make a client come back in the middle of a call.
    let resumes = if kind == Kind::Rmcp {
        &["--no-resume"][..]
    } else {
        &[]
    };
    for url in both(group) {
        let steps = scripts::python(
            &url,
            &[&["all", "--kind", name(kind)][..], resumes].concat(),
        );
        check_legacy(kind, &steps);
        if matches!(kind, Kind::PythonSdk | Kind::FastMcp) {
            assert_eq!(
                steps.at("resume")["text"],
                "resumed",
                "Last-Event-ID finds its instance"
            );
        }
    }
    check_sessions(&scripts::python(
        &group.through(),
        &["sessions", "--kind", name(kind)],
    ));
}

fn walk_typescript(kind: Kind) {
    let group = group(kind);
    for url in both(group) {
        let steps = scripts::typescript(&url, &["all", "--kind", name(kind)]);
        check_legacy(kind, &steps);
        let resumed = steps.at("resumed");
        assert!(
            resumed["broken"] == 1 && resumed["resumptions"].as_i64() >= Some(1),
            "{resumed}"
        );
    }
    check_sessions(&scripts::typescript(
        &group.through(),
        &["sessions", "--kind", name(kind)],
    ));
}

fn walk_rmcp(kind: Kind) {
    let group = group(kind);
    for url in both(group) {
        rmcp_client::walk(&url, Era::Legacy, Abilities { listens: false });
    }
    let seen = rmcp_client::sessions(&group.through(), 20);
    assert!(
        seen.iter()
            .all(|names| names.iter().all(|name| name == &names[0])),
        "{seen:?}"
    );
    let instances: BTreeSet<_> = seen.iter().map(|names| names[0].as_str()).collect();
    assert_eq!(instances, BTreeSet::from(["alpha", "beta", "gamma"]));
}

fn walk_modern(kind: Kind) {
    let group = group(kind);
    let listens = kind != Kind::FastMcp;
    let listening = if listens { &[][..] } else { &["--no-listen"] };
    for url in both(group) {
        let python = scripts::python(&url, &[&["all", "--era", "modern"][..], listening].concat());
        let typescript = scripts::typescript_modern(&url, listening);
        for steps in [python, typescript] {
            check_calls(&steps);
            assert!(
                steps.at("discover")["versions"]
                    .to_string()
                    .contains("2026-07-28")
            );
            if listens {
                steps.at("listened");
            }
        }
        rmcp_client::walk(&url, Era::Modern, Abilities { listens });
    }
}

fn walk_inspector(kind: Kind) {
    let group = group(kind);
    for url in both(group) {
        let listed = scripts::inspector(&url, &["--method", "tools/list"]);
        let listed: Vec<_> = listed["tools"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|tool| &tool["name"])
            .collect();
        assert!(listed.contains(&&json!("echo")), "{listed:?}");
        let args = [
            "--method",
            "tools/call",
            "--tool-name",
            "echo",
            "--tool-arg",
            "message=hi",
        ];
        let text = scripts::inspector(&url, &args)["content"][0]["text"].clone();
        assert!(
            text.as_str().is_some_and(|text| text.ends_with("hi")),
            "{text}"
        );
    }
}

macro_rules! pairs {
    ($($test:ident: $walk:ident($kind:ident);)*) => {
        $(#[test]
        fn $test() {
            let before = group(Kind::$kind).carried();
            $walk(Kind::$kind);
            assert!(group(Kind::$kind).carried() > before, "the walk went through the proxy");
        })*
    };
}

pairs! {
    python_client_and_everything: walk_python(Everything);
    python_client_and_python_server: walk_python(PythonSdk);
    python_client_and_fastmcp: walk_python(FastMcp);
    python_client_and_rmcp_server: walk_python(Rmcp);
    typescript_client_and_everything: walk_typescript(Everything);
    typescript_client_and_python_server: walk_typescript(PythonSdk);
    typescript_client_and_fastmcp: walk_typescript(FastMcp);
    typescript_client_and_rmcp_server: walk_typescript(Rmcp);
    rmcp_client_and_python_server: walk_rmcp(PythonSdk);
    rmcp_client_and_fastmcp: walk_rmcp(FastMcp);
    rmcp_client_and_rmcp_server: walk_rmcp(Rmcp);
    inspector_and_everything: walk_inspector(Everything);
    inspector_and_python_server: walk_inspector(PythonSdk);
    inspector_and_fastmcp: walk_inspector(FastMcp);
    inspector_and_rmcp_server: walk_inspector(Rmcp);
    modern_clients_and_python_server: walk_modern(PythonSdk);
    modern_clients_and_fastmcp: walk_modern(FastMcp);
    modern_clients_and_rmcp_server: walk_modern(Rmcp);
}
