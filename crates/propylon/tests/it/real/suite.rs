//! The official conformance suite: run against a URL, and its counts read back scenario by scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch};

use super::servers::peers;

/// Passed and failed checks by scenario.
pub(crate) type Counts = BTreeMap<String, (u32, u32)>;

/// Runs the suite `peer` with `args` against `url`.
pub(crate) fn counts(peer: &str, url: &str, args: &[&str]) -> Counts {
    let scratch = Scratch::new();
    let mut command = peers().command(peer);
    command
        .args(["server", "--url", url])
        .args(args)
        .arg("-o")
        .arg(scratch.path());
    let mut process = Guarded::start(command);
    let ended = process.wait(Duration::from_secs(180));
    let said = process.output().text();
    assert!(ended.is_some(), "the suite did not end:\n{said}");
    let (_, summary) = said
        .split_once("=== SUMMARY ===")
        .unwrap_or_else(|| panic!("no summary:\n{said}"));
    let lines = summary
        .lines()
        .take_while(|line| !line.starts_with("Total:"));
    lines.filter_map(scenario).collect()
}

/// Reads `✓ ping: 2 passed, 0 failed`.
fn scenario(line: &str) -> Option<(String, (u32, u32))> {
    let (name, counts) = line.strip_prefix(['✓', '✗'])?.trim().rsplit_once(": ")?;
    let (passed, failed) = counts.split_once(" passed, ")?;
    Some((
        name.to_owned(),
        (
            passed.parse().ok()?,
            failed.strip_suffix(" failed")?.parse().ok()?,
        ),
    ))
}
