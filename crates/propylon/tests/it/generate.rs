//! `propylon generate` at the command line: where files go, what is never overwritten, and what is said.

use std::path::Path;
use std::process::{Command, Output};

use propylon_testkit::Scratch;
use serde_json::Value;

use crate::front::BINARY;

const UPSTREAM: &[&str] = &["--upstream", "http://127.0.0.1:3001/mcp"];

fn generate(args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("generate").args(args).env("NO_COLOR", "1");
    command.output().expect("the program runs")
}

fn into(folder: &Path, args: &[&str]) -> Output {
    let folder = folder.display().to_string();
    generate(&[&["nginx", "-o", &folder], UPSTREAM, args].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn one_file_is_printed_as_it_is_and_several_are_named() {
    let one = generate(&[&["haproxy"], UPSTREAM].concat());
    assert!(one.status.success(), "{}", text(&one.stderr));
    assert!(text(&one.stdout).starts_with("# Written by `propylon generate haproxy`"));
    let several = generate(&[&["nginx"], UPSTREAM].concat());
    let printed = text(&several.stdout);
    assert!(printed.starts_with("==> nginx.conf <==\n"), "{printed}");
    assert!(printed.contains("\n==> mcp.conf <==\n"), "{printed}");
}

#[test]
fn written_twice_the_files_are_the_same() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("made/for/it");
    let read = || std::fs::read(folder.join("mcp.conf")).expect("the file is there");
    assert!(into(&folder, &[]).status.success());
    let first = read();
    assert!(into(&folder, &[]).status.success());
    assert_eq!(first, read());
    let names = std::fs::read_dir(&folder).expect("the folder is there");
    assert_eq!(names.count(), 2, "nothing else is left behind");
}

#[test]
fn a_file_of_someone_else_stops_everything() {
    let scratch = Scratch::new();
    scratch.write("mcp.conf", "# mine\n");
    let refused = into(scratch.path(), &[]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(
        said.contains("mcp.conf") && said.contains("--force"),
        "{said}"
    );
    assert!(
        !scratch.path().join("nginx.conf").exists(),
        "all or nothing"
    );
    let kept = std::fs::read_to_string(scratch.path().join("mcp.conf"));
    assert_eq!(kept.expect("it is there"), "# mine\n");
    assert!(into(scratch.path(), &["--force"]).status.success());
    assert!(scratch.path().join("nginx.conf").exists());
}

#[test]
fn what_is_not_in_the_files_is_said() {
    let scratch = Scratch::new();
    let yaml = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /mcp, upstream: a }]\nlimits: { peek_bytes: 32KiB }\nupstreams: { a: { urls: ['http://127.0.0.1:1/mcp', 'http://127.0.0.1:2/mcp'] } }\n";
    let file = scratch.write("propylon.yaml", yaml).display().to_string();
    let printed = generate(&["nginx", "-c", &file]);
    assert!(text(&printed.stderr).contains("limits.peek_bytes"));
    let report = generate(&["nginx", "-c", &file, "--report", "--format", "json"]);
    let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    assert_eq!(report["warnings"][0]["setting"], "limits.peek_bytes");
    let gaps = report["gaps"].as_array().cloned().unwrap_or_default();
    let tasks = gaps.iter().find(|gap| gap["practice"] == "task-scattered");
    assert_eq!(tasks.expect("a gap")["state"], "cannot");
    let human = text(&generate(&["nginx", "-c", &file, "--report"]).stdout);
    assert!(
        human.contains("task-scattered") && human.contains("Way out: "),
        "{human}"
    );
}

#[test]
fn files_that_a_description_names_are_named_in_full() {
    let scratch = Scratch::new();
    let yaml = "listeners: [{ address: 127.0.0.1:8443, tls: { certificate: server.pem, key: tls/server.key, client: { ca: clients.pem } } }]\nroutes: [{ path: /mcp, upstream: a }]\nupstreams: { a: { url: http://127.0.0.1:1/mcp } }\n";
    scratch.write("propylon.yaml", yaml);
    for target in ["caddy", "envoy", "nginx", "traefik"] {
        let mut command = Command::new(BINARY);
        command.args(["generate", target, "-c", "propylon.yaml"]);
        let printed = command.current_dir(scratch.path()).output();
        let printed = text(&printed.expect("the program runs").stdout);
        for name in ["server.pem", "tls/server.key", "clients.pem"] {
            let whole = scratch.path().join(name).display().to_string();
            assert!(printed.contains(&whole), "{target}: {name}: {printed}");
        }
    }
}

#[test]
fn the_matrix_has_every_practice_in_every_format() {
    let matrix = |format: &str| text(&generate(&["--matrix", "--format", format]).stdout);
    let rows: Value = serde_json::from_str(&matrix("json")).expect("JSON");
    let rows = rows.as_array().cloned().unwrap_or_default();
    assert_eq!(rows.len(), propylon_practices::PRACTICES.len());
    for format in ["human", "markdown"] {
        let lines = matrix(format);
        for practice in propylon_practices::PRACTICES {
            assert!(lines.contains(practice.id), "{format}: {}", practice.id);
        }
    }
}

#[test]
fn without_a_description_it_says_what_to_give() {
    let nothing = generate(&["nginx"]);
    assert_eq!(nothing.status.code(), Some(2));
    let said = text(&nothing.stderr);
    assert!(
        said.contains("-c propylon.yaml") && said.contains("--upstream"),
        "{said}"
    );
    let unknown = generate(&["apache"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("nginx"),
        "the targets are named"
    );
}
