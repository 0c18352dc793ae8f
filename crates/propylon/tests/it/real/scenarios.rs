//! What the official conformance suite has: its scenarios, and what it requires of each revision.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use propylon_testkit::Guarded;

use super::servers::peers;

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
