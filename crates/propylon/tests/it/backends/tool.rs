//! `propylon backend`: what it does, says, and how it ends.

use std::process::{Command, Output};

use propylon_testkit::{Answer, Upstream};
use serde_json::{Value, json};

use super::stand::{Stand, secret};
use crate::front::{BINARY, get};

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

#[test]
fn a_server_is_added_shown_listed_and_removed() {
    let upstream = Upstream::start(|exchange| {
        Answer::sized(
            200,
            &[],
            exchange.header("authorization").unwrap_or_default(),
        )
    });
    let stand = Stand::local(&[upstream.address()], &[]);
    let url = upstream.url("/mcp");
    secret(&stand.ground.files, "weather", "Bearer s3cret\n");
    let header = format!(
        "Authorization: @{}",
        stand.ground.files.path().join("weather").display()
    );
    let added = stand.tool(&[
        "add",
        "acme/weather",
        &url,
        "--header",
        &header,
        "--tool",
        "echo",
    ]);
    assert!(added.status.success(), "{}", said(&added));
    assert_eq!(
        said(&added),
        "acme/weather is served at /acme/weather/mcp\n"
    );
    let (_, body) = get(stand.proxy.address(), "/acme/weather/mcp");
    assert_eq!(body.text(), "Bearer s3cret");

    let again = stand.tool(&["add", "acme/weather", &url, "--new"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        said(&again).contains("exists though it must not"),
        "{}",
        said(&again)
    );
    assert!(
        stand
            .tool(&["add", "zeta/a", &url, "--no-tools"])
            .status
            .success()
    );

    assert_told(&stand, &url);
    assert!(stand.tool(&["remove", "acme/weather"]).status.success());
    let gone = stand.tool(&["show", "acme/weather"]);
    assert!(
        said(&gone).contains("acme/weather is not registered"),
        "{}",
        said(&gone)
    );
}

/// What is registered is told to people and to programs, and a refusal with its rule.
fn assert_told(stand: &Stand, url: &str) {
    let shown = said(&stand.tool(&["show", "acme/weather"]));
    for wanted in [url, "allowed", "tools    echo", "headers  Authorization"] {
        assert!(shown.contains(wanted), "{shown}");
    }
    assert!(!shown.contains("s3cret"));
    let shown = stand.tool(&["show", "acme/weather", "--format", "json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(shown["headers"], json!({ "Authorization": "[redacted]" }));
    let listed = said(&stand.tool(&["list"]));
    assert_eq!(listed.lines().count(), 2, "{listed}");
    let listed = stand.tool(&["list", "--tenant", "acme", "--format", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(1));

    let refused = stand.tool(&["add", "acme/b", "https://10.0.0.1/mcp"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        said(&refused).contains(
            "The guard refuses the URL: 10.0.0.1 is in 10.0.0.0/8, private use [special-block]"
        ),
        "{}",
        said(&refused)
    );
}

#[test]
fn what_cannot_be_reached_or_read_is_said_with_what_to_do() {
    let run = |args: &[&str], token: Option<&str>| {
        let mut command = Command::new(BINARY);
        command
            .arg("backend")
            .args(args)
            .env_remove("PROPYLON_TOKEN");
        if let Some(token) = token {
            command.env("PROPYLON_TOKEN", token);
        }
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        said(&output)
    };
    let nobody = propylon_testkit::free_address();
    let api = format!("http://{nobody}");
    assert!(run(&["list"], None).contains("with --token, or as PROPYLON_TOKEN"));
    let reached = run(&["list", "--api", &api], Some("x"));
    assert!(reached.contains("with a `backends` section"), "{reached}");
    assert!(run(&["list", "--api", "https://a/"], Some("x")).contains("http, a host and a port"));
    assert!(run(&["show", "acme"], Some("x")).contains("TENANT/NAME"));
}
