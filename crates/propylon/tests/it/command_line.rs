//! The commands that only tell: what they print, where to, and how they exit.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::front::BINARY;

fn run(args: &[&str]) -> Output {
    Command::new(BINARY)
        .args(args)
        .output()
        .expect("the binary starts")
}

/// What it prints, which is all it says.
fn told(args: &[&str]) -> String {
    let output = run(args);
    let [said, complained] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {complained}");
    assert_eq!(complained, "", "{args:?}");
    said
}

/// What it complains of, which is all it says; a mistake of the caller.
fn refused(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn list_filters_and_speaks_to_programs() {
    let rows = |args: &[&str]| {
        let args: Vec<_> = ["list", "--format", "json"]
            .iter()
            .chain(args)
            .copied()
            .collect();
        let Value::Array(rows) = serde_json::from_str(&told(&args)).expect("JSON") else {
            panic!("not an array")
        };
        rows
    };
    let all = rows(&[]);
    assert_eq!(all.len(), propylon_practices::PRACTICES.len());
    let chosen = rows(&[
        "--severity",
        "error",
        "--era",
        "modern",
        "--seen",
        "outside",
    ]);
    assert!(!chosen.is_empty() && chosen.len() < all.len());
    for row in &chosen {
        assert_eq!(
            (&row["severity"], &row["seen"]),
            (&"error".into(), &"outside".into())
        );
        assert_ne!(row["era"], "legacy");
    }
    for id in all.iter().filter_map(|row| row["id"].as_str()) {
        assert!(
            told(&["list"]).contains(id) && told(&["explain", id]).starts_with(id),
            "{id}"
        );
    }
}

#[test]
fn list_ends_quietly_when_its_reader_does() {
    let mut child = Command::new(BINARY)
        .args(["explain", "sse-buffered"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn explain_knows_practices_reasons_and_keys() {
    assert!(told(&["explain", "sse-buffered"]).contains("proxy_buffering off"));
    let one = told(&["explain", "sse-buffered", "--product", "haproxy"]);
    assert!(
        one.contains("option http-no-delay") && !one.contains("proxy_buffering off"),
        "{one}"
    );
    assert!(told(&["explain", "upstream-refused"]).contains("502"));
    assert!(told(&["explain", "limits.body_bytes"]).contains("64MiB"));
    let miss = refused(&["explain", "sse-bufered"]);
    assert!(
        miss.contains("`sse-bufered`") && miss.contains("Did you mean sse-buffered?"),
        "{miss}"
    );
    assert!(refused(&["explain", "sse-buffered", "--product", "ngnix"]).contains("nginx"));
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    assert!(!told(&["explain", "session-lost"]).contains('\u{1b}'));
    assert!(told(&["explain", "session-lost", "--color", "always"]).contains('\u{1b}'));
}

#[test]
fn config_check_takes_a_file_either_way() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/minimal.yaml");
    let said = told(&["config", "check", file]);
    assert!(said.starts_with(&format!("ok {file}")), "{said}");
    assert_eq!(told(&["config", "check", "-c", file]), said);
    assert!(refused(&["config", "check"]).contains("FILE"));
}

#[test]
fn every_shell_completes_commands_and_ids() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = told(&["completions", shell]);
        assert!(
            script.contains("explain") && script.contains("config"),
            "{shell}"
        );
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = told(&["completions", shell]);
        assert!(
            script.contains("sse-buffered") && script.contains("session-lost"),
            "{shell}"
        );
    }
}

#[test]
fn every_command_has_help_with_examples() {
    assert!(told(&["--version"]).starts_with("propylon "));
    for command in [
        &["serve"][..],
        &["demo"],
        &["list"],
        &["explain"],
        &["completions"],
        &["config", "check"],
        &["config", "schema"],
    ] {
        let args: Vec<_> = command.iter().copied().chain(["--help"]).collect();
        let help = told(&args);
        assert!(
            help.contains("Examples:") && help.contains("propylon "),
            "{help}"
        );
    }
    assert!(told(&["--help"]).contains("Exit codes"));
}
