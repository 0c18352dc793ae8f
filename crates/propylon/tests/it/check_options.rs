//! What `propylon check` is told on its command line, and what comes of it on the wire and in the report.

use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Answer, Guarded, Probe, Scratch, Upstream, within};
use serde_json::{Value, json};

use crate::front::BINARY;

const TOKEN: &str = "options-token-93";
/// How long one check of a few rows may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The report of a check with `args`, to which the environment has `SECRET`.
fn report(args: &[&str], secret: &str) -> Value {
    let mut command = Command::new(BINARY);
    command.args(["check", "--format", "json", "--profile", "quick"]);
    command.args(args).env("SECRET", secret);
    let mut check = Guarded::start(command);
    check.wait(PATIENCE).expect("the check ends");
    // What it wrote may be read a moment after its end.
    within(PATIENCE, || {
        serde_json::from_str(&check.stdout().text()).ok()
    })
    .unwrap_or_else(|| panic!("no report: {}", check.output().text()))
}

fn ids(report: &Value) -> Vec<&str> {
    let results = report["results"].as_array().expect("results");
    results
        .iter()
        .filter_map(|row| row["id"].as_str())
        .collect()
}

fn verdict<'report>(report: &'report Value, id: &str) -> &'report str {
    let results = report["results"].as_array().expect("results");
    let row = results.iter().find(|row| row["id"] == id);
    row.and_then(|row| row["verdict"].as_str())
        .unwrap_or("absent")
}

/// An MCP server that is no probe.
fn server() -> Upstream {
    Upstream::start(|exchange| {
        let asked: Value = serde_json::from_slice(&exchange.body).unwrap_or_default();
        let result = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}});
        Answer::result(&asked["id"], &result)
    })
}

#[test]
fn headers_come_from_the_line_the_environment_and_a_file() {
    let scratch = Scratch::new();
    let file = scratch.write("key", "from-a-file\n");
    let upstream = server();
    let in_file = format!("X-File: @{}", file.display());
    let args = [
        upstream.url("/mcp"),
        "--select".into(),
        "health-missing".into(),
        "--header".into(),
        "X-Line: as it is".into(),
        "--header".into(),
        "Authorization: env:SECRET".into(),
        "--header".into(),
        in_file,
    ];
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let report = report(&args, "Bearer from-the-environment");
    let posts = upstream.exchanges();
    let posts: Vec<_> = posts
        .iter()
        .filter(|each| each.method() == "POST")
        .collect();
    assert!(!posts.is_empty());
    for post in posts {
        assert_eq!(post.header("x-line"), Some("as it is"));
        let expected = Some("Bearer from-the-environment");
        assert_eq!(post.header("authorization"), expected);
        assert_eq!(post.header("x-file"), Some("from-a-file"));
    }
    let text = report.to_string();
    assert!(!text.contains("from-the-environment") && !text.contains("from-a-file"));
}

#[test]
fn a_header_that_cannot_be_sent_or_read_is_refused() {
    for (header, part) in [
        ("no colon", "Name: value"),
        ("Bad Name: x", "no header that can be sent"),
        ("X: env:NOT_THERE", "the environment has no NOT_THERE"),
        ("X: @/not/there", "/not/there"),
    ] {
        let output = Command::new(BINARY)
            .args(["check", "http://127.0.0.1:1/mcp", "--header", header])
            .output()
            .expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{header}");
        assert!(said.contains(part), "{header}: {said}");
    }
}

#[test]
fn a_token_lets_the_probe_be_disturbed() {
    let probe = Probe::start(BINARY, TOKEN, 1);
    let url = format!("http://{}/mcp", probe.addresses()[0]);
    let select = ["--select", "upstream-loss-hidden"];
    let with = |token: &str| {
        let mut args = vec![url.as_str(), "--token", token];
        args.extend(select);
        report(&args, TOKEN)
    };
    assert_eq!(verdict(&with("env:SECRET"), select[1]), "pass");
    let wrong = with("another");
    assert_eq!(verdict(&wrong, select[1]), "not-seen");
    assert!(wrong.to_string().contains("the probe refuses this token"));
    let without = report(&[&url, select[0], select[1]], "");
    assert_eq!(verdict(&without, select[1]), "not-seen");
}

#[test]
fn checks_are_chosen_and_left_out() {
    let upstream = server();
    let url = upstream.url("/mcp");
    let some = report(&[&url, "--select", "health-missing,origin-unchecked"], "");
    assert_eq!(ids(&some), ["health-missing", "origin-unchecked"]);
    let select = ["--select", "health-missing,origin-unchecked"];
    let one = report(
        &[&url, select[0], select[1], "--skip", "health-missing"],
        "",
    );
    assert_eq!(ids(&one), ["origin-unchecked"]);
    let rest = report(&[&url, "--skip", "client-blocked,rate-limit-shape"], "");
    let rest = ids(&rest);
    assert!(rest.len() > 40 && !rest.contains(&"rate-limit-shape"));
}

#[test]
fn a_name_is_found_where_it_is_said_to_be() {
    let upstream = server();
    let port = upstream.address().port();
    let url = format!("http://mcp.example.test:{port}/mcp");
    let resolve = format!("mcp.example.test:{port}:127.0.0.1");
    let select = ["--select", "origin-unchecked"];
    report(&[&url, "--resolve", &resolve, select[0], select[1]], "");
    let exchanges = upstream.exchanges();
    let asked = exchanges.iter().find(|each| each.method() == "POST");
    let host = format!("mcp.example.test:{port}");
    assert_eq!(asked.expect("it was found").header("host"), Some(&*host));
}

#[test]
fn a_timeout_ends_an_answer_that_does_not_come() {
    let upstream = Upstream::start(|exchange| {
        let asked: Value = serde_json::from_slice(&exchange.body).unwrap_or_default();
        let result = json!({"jsonrpc": "2.0", "id": asked["id"], "result": {}}).to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
        Answer::new()
            .wait(Duration::from_millis(900))
            .bytes(format!("{head}: {}\r\n\r\n{result}", result.len()))
    });
    let url = upstream.url("/mcp");
    let ended = |timeout: &str| {
        let output = Command::new(BINARY)
            .args([
                "check",
                &url,
                "--timeout",
                timeout,
                "--select",
                "endpoint-unrouted",
            ])
            .output()
            .expect("the binary starts");
        output.status.code()
    };
    assert_eq!(ended("0.2"), Some(2));
    assert_ne!(ended("20"), Some(2));
}

#[test]
fn the_versions_of_http_are_found_and_chosen() {
    let probe = Probe::start(BINARY, TOKEN, 1);
    let url = format!("http://{}/mcp", probe.addresses()[0]);
    let check = |more: &[&str], expected: Value| {
        let mut args = vec![url.as_str(), "--select", "authorization-lost"];
        args.extend(more);
        let report = report(&args, "");
        assert_eq!(report["http"], expected, "{more:?}");
        assert_eq!(verdict(&report, "authorization-lost"), "pass", "{report}");
        report["results"][0]["summary"].to_string()
    };
    let both = check(&[], json!(["HTTP/1.1", "HTTP/2"]));
    assert!(both.contains("over HTTP/1.1 and HTTP/2"), "{both}");
    check(&["--http1.1"], json!(["HTTP/1.1"]));
    check(&["--http2"], json!(["HTTP/2"]));
    let plain = server();
    let only = report(&[&plain.url("/mcp"), "--select", "health-missing"], "");
    assert_eq!(only["http"], json!(["HTTP/1.1"]));
}
