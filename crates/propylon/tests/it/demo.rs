//! `propylon demo` walks through everything by itself, and leaves nothing behind.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, free_address, initialize, post_json, within};
use rustix::process::Signal;

use crate::front::BINARY;

const PATIENCE: Duration = Duration::from_secs(60);

fn start(args: &[&str]) -> Guarded {
    let mut command = Command::new(BINARY);
    command.arg("demo").args(args);
    Guarded::start(command)
}

fn code(process: &mut Guarded) -> Option<i32> {
    process.wait(PATIENCE).and_then(|status| status.code())
}

/// The folder of the run's access log, as the process names it.
fn folder(process: &Guarded) -> PathBuf {
    std::env::temp_dir().join(format!("propylon-demo-{}", process.id()))
}

#[test]
fn the_walk_ends_well() {
    // Not the usual port: another test of this file needs it taken.
    let mut process = start(&["--once", "--listen", "127.0.0.1:0"]);
    let code = code(&mut process);
    let said = process.output().text();
    assert_eq!(code, Some(0), "{said}");
    for word in [
        "initialize",
        "progress",
        "session",
        "2026-07-28",
        "http://127.0.0.1:",
        "Propylon-Reason: session-lost",
        "claims held",
    ] {
        assert!(said.contains(word), "{word} is not in\n{said}");
    }
    assert!(!said.contains('✗'), "{said}");
    assert!(
        !said.contains(['\u{1b}', '\r']),
        "not a terminal, so plain lines: {said:?}"
    );
    assert!(!folder(&process).exists());
}

#[test]
fn it_stays_up_for_clients_until_told_to_end() {
    let address = free_address();
    let mut process = start(&["--listen", &address.to_string()]);
    let url = format!("http://{address}/mcp");
    let is_up = within(PATIENCE, || {
        process
            .output()
            .text()
            .contains("Ctrl-C ends")
            .then_some(())
    });
    let said = process.output().text();
    assert!(is_up.is_some() && said.contains(&url), "{said}");
    assert!(folder(&process).join("access.log").exists());

    let (answer, _) = post_json(address, "/mcp", &[], &initialize(1));
    assert_eq!(answer.status, 200);
    assert!(answer.header("mcp-session-id").is_some());

    process.signal(Signal::INT);
    assert_eq!(code(&mut process), Some(0), "{}", process.output().text());
    assert!(!folder(&process).exists());
    TcpListener::bind(address).expect("the port is free again");
}

#[test]
fn half_a_walk_is_no_success_and_leaves_nothing() {
    let mut process = start(&["--once", "--listen", "127.0.0.1:0"]);
    let is_walking = within(PATIENCE, || {
        process.output().text().contains("1 of 5").then_some(())
    });
    assert!(is_walking.is_some(), "{}", process.output().text());
    process.signal(Signal::INT);
    assert_eq!(code(&mut process), Some(1), "{}", process.output().text());
    assert!(!folder(&process).exists());
}

#[test]
fn an_address_that_was_asked_for_and_is_taken_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address: SocketAddr = taken.local_addr().expect("it has an address");
    let mut process = start(&["--once", "--listen", &address.to_string()]);
    assert_eq!(code(&mut process), Some(2));
    let said = process.output().text();
    assert!(said.contains(&address.to_string()), "{said}");
    assert!(!folder(&process).exists());
}

#[test]
fn the_usual_port_being_taken_is_no_obstacle() {
    // Taken by us, or by somebody else already: either way the demo must find another.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    let mut process = start(&["--once"]);
    let code = code(&mut process);
    let said = process.output().text();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("http://127.0.0.1:8080/"), "{said}");
}
