//! `propylon demo --once` walks through everything by itself.

use std::process::Command;
use std::time::Duration;

use propylon_testkit::Guarded;

use crate::front::BINARY;

#[test]
fn the_walk_ends_well() {
    let mut command = Command::new(BINARY);
    command.args(["demo", "--once"]);
    let mut process = Guarded::start(command);
    let status = process.wait(Duration::from_secs(60));
    let said = process.output().text();
    assert_eq!(status.and_then(|status| status.code()), Some(0), "{said}");
    for word in [
        "initialize",
        "progress",
        "session",
        "2026-07-28",
        "http://127.0.0.1:",
    ] {
        assert!(
            said.to_lowercase().contains(word),
            "{word} is not in\n{said}"
        );
    }
}
