//! The official conformance suite: run against a URL, and its counts read back scenario by scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
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

/// The server scenarios of the suite `peer`, as it lists them.
pub(crate) fn scenarios(peer: &str) -> BTreeSet<String> {
    let mut command = peers().command(peer);
    command.args(["list", "--server"]);
    let mut process = Guarded::start(command);
    let ended = process.wait(Duration::from_secs(60));
    let said = process.stdout().text();
    assert!(ended.is_some_and(|status| status.success()), "{said}");
    listed(&said)
}

/// Every scenario that the suite `peer` names for each revision it has requirements of, clients' among them.
pub(crate) fn requirements(peer: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = peers().modules(peer);
    let folder = folder.join("@modelcontextprotocol/conformance/requirements");
    let files = std::fs::read_dir(folder).expect("the suite has requirements");
    let files = files.map(|file| file.expect("a file").path());
    let read = |file: PathBuf| {
        let revision = file.file_stem().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(&file).expect("a text");
        (revision.into_owned(), listed(&text))
    };
    files.map(read).collect()
}

/// The first word of each item of a list.
fn listed(text: &str) -> BTreeSet<String> {
    let items = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "));
    let words = items.filter_map(|item| item.trim_start_matches("scenario: ").split(' ').next());
    words.map(str::to_owned).collect()
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
