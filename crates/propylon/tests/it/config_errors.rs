//! A wrong configuration says where and what to write instead, exits with 2, and nothing has started.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch, free_address};

use crate::front::BINARY;

const GOOD: &str = "listeners:\n  - address: \"LISTEN\"\nroutes:\n  - { path: /mcp, upstream: a }\nupstreams:\n  a: { url: \"http://127.0.0.1:1/mcp\" }\n";

/// What `propylon ARGS` with this file says and how it exits.
fn run(args: &[&str], text: &str) -> (Option<i32>, String) {
    let scratch = Scratch::new();
    let file = scratch.write("propylon.yaml", text);
    let mut command = Command::new(BINARY);
    command.args(args).arg(&file);
    let mut process = Guarded::start(command);
    let status = process.wait(Duration::from_secs(10));
    (
        status.and_then(|status| status.code()),
        process.output().text(),
    )
}

fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

/// What is wrong, the file, the place that is named, and words of the remedy.
type Mistake = (&'static str, String, &'static str, &'static [&'static str]);

fn mistakes() -> [Mistake; 9] {
    [
        (
            "unknown key",
            GOOD.replace("path: /mcp", "pth: /mcp"),
            "4:5",
            &["pth", "path"],
        ),
        (
            "unknown root key",
            format!("{GOOD}limitz: {{}}\n"),
            "7:1",
            &["limitz", "limits"],
        ),
        (
            "bad duration",
            format!("{GOOD}drain: 30 seconds\n"),
            "7:8",
            &["drain", "30s"],
        ),
        (
            "bad size",
            format!("{GOOD}limits: {{ body_bytes: lots }}\n"),
            "7:23",
            &["body_bytes", "4MiB"],
        ),
        (
            "bad choice",
            format!("{GOOD}log: {{ format: xml }}\n"),
            "7:16",
            &["format", "json", "pretty"],
        ),
        (
            "route to nowhere",
            GOOD.replace("upstream: a", "upstream: b"),
            "4:29",
            &["upstream", "b"],
        ),
        (
            "missing key",
            GOOD.replace("path: /mcp, ", ""),
            "4:5",
            &["path"],
        ),
        (
            "bad address",
            GOOD.replace("LISTEN", "localhost"),
            "2:14",
            &["address"],
        ),
        (
            "not YAML",
            format!("{GOOD}limits: [\n"),
            "",
            &["propylon.yaml"],
        ),
    ]
}

#[test]
fn mistakes_name_place_key_and_remedy() {
    for (what, text, place, words) in mistakes() {
        let address = free_address();
        let text = text.replace("LISTEN", &address.to_string());
        for args in [&["serve", "-c"][..], &["config", "check", "-c"]] {
            let (code, said) = run(args, &text);
            assert_eq!(code, Some(2), "{what} with {args:?}: {said}");
            assert!(
                said.contains(&format!("propylon.yaml:{place}")),
                "{what} with {args:?}: {place} is not in\n{said}"
            );
            for word in words {
                assert!(
                    said.contains(word),
                    "{what} with {args:?}: {word} is not in\n{said}"
                );
            }
            assert!(!listens(address), "{what}: nothing is started");
        }
    }
}

#[test]
fn two_listeners_on_one_port_are_refused() {
    let address = free_address();
    let twice = format!(
        "listeners:\n  - address: \"{address}\"\n  - address: \"0.0.0.0:{}\"\n",
        address.port()
    );
    let text = GOOD.replace("listeners:\n  - address: \"LISTEN\"\n", &twice);
    let (code, said) = run(&["serve", "-c"], &text);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("propylon.yaml:3:"), "{said}");
    assert!(!listens(address));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let mut command = Command::new(BINARY);
    command.args(["serve", "-c", "no-such-file.yaml"]);
    let mut process = Guarded::start(command);
    let status = process.wait(Duration::from_secs(10));
    assert_eq!(
        status.and_then(|status| status.code()),
        Some(2),
        "{}",
        process.output().text()
    );
    assert!(process.output().text().contains("no-such-file.yaml"));
}

#[test]
fn a_taken_port_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it has an address");
    let (code, said) = run(
        &["serve", "-c"],
        &GOOD.replace("LISTEN", &address.to_string()),
    );
    assert!(code.is_some_and(|code| code != 0), "{said}");
    assert!(said.contains(&address.to_string()), "{said}");
}

#[test]
fn wrong_flags_are_refused() {
    let cases: [&[&str]; 4] = [
        &[
            "serve",
            "--listen",
            "nonsense",
            "--upstream",
            "http://127.0.0.1:1/mcp",
        ],
        &["serve", "--listen", "127.0.0.1:0"],
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--upstream",
            "ftp://x/mcp",
        ],
        &["serve", "--unknown"],
    ];
    for args in cases {
        let mut command = Command::new(BINARY);
        command.args(args);
        let mut process = Guarded::start(command);
        let status = process.wait(Duration::from_secs(10));
        assert_eq!(
            status.and_then(|status| status.code()),
            Some(2),
            "{args:?}: {}",
            process.output().text()
        );
    }
}

#[test]
fn a_good_file_checks_and_the_schema_is_json() {
    let (code, said) = run(
        &["config", "check", "-c"],
        &GOOD.replace("LISTEN", "127.0.0.1:0"),
    );
    assert_eq!(code, Some(0), "{said}");
    let mut command = Command::new(BINARY);
    command.args(["config", "schema"]);
    let mut process = Guarded::start(command);
    let status = process.wait(Duration::from_secs(10));
    assert_eq!(status.and_then(|status| status.code()), Some(0));
    let schema: serde_json::Value =
        serde_json::from_str(&process.stdout().text()).expect("the schema is JSON");
    assert!(schema["properties"]["listeners"].is_object(), "{schema}");
}
