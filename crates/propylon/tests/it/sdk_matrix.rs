//! Real clients of every SDK, through the proxy, with three replicas of real servers of every SDK, in both eras.
//!
//! Each walk is also taken without the proxy, so that a failure tells whose it is.

use std::collections::BTreeSet;

use propylon_testkit::{post_modern, rpc};
use serde_json::json;

use crate::front::assert_refused;
use crate::real::rmcp_client::{self, Abilities, Era};
use crate::real::scripts;
use crate::real::servers::{Group, Kind, group};
use crate::real::walks::{check_calls, check_legacy, check_sessions, name};

/// Both ways to the server: without us, and then through us.
fn both(group: &'static Group) -> impl Iterator<Item = String> {
    [Group::direct, Group::through]
        .into_iter()
        .map(|way| way(group))
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
    let mirrors = kind == Kind::PythonSdk;
    let mut listening = if listens { vec![] } else { vec!["--no-listen"] };
    listening.extend(mirrors.then_some("--mirrored"));
    let listening = &listening;
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
            if mirrors {
                assert_eq!(steps.at("mirrored")["text"], "42 in Zürich ☕");
            }
        }
        rmcp_client::walk(&url, Era::Modern, Abilities { listens });
    }
    if mirrors {
        assert_params_are_held(group);
    }
}

/// From the lists that real clients have asked for, the proxy knows which arguments headers mirror.
fn assert_params_are_held(group: &Group) {
    let arguments = json!({ "region": "here", "size": 1 });
    let message = rpc(
        1,
        "tools/call",
        &json!({ "name": "where", "arguments": arguments }),
    );
    let answer = post_modern(group.front(), "/mcp", &message);
    assert_refused(&answer, 400, "header-mismatch", &json!(1));
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
