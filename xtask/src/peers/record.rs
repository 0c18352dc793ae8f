//! peers.json: what is installed and where, for the tests and benches that run it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::peer::Peer;

/// What is installed, by peer name.
pub(super) type Record = BTreeMap<String, Installed>;

/// One installed peer.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub(super) struct Installed {
    /// What to run, absolute.
    pub(super) path: PathBuf,
    /// What comes before one's own arguments: the script, where `path` is an interpreter.
    pub(super) args: Vec<PathBuf>,
    /// As the product itself says it.
    pub(super) version: String,
    /// What was asked of the registry.
    pub(super) package: String,
    /// The node_modules folder that holds it, of an npm peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) modules: Option<PathBuf>,
}

/// Reads peers.json; one that is missing or of another shape counts as nothing installed.
pub(super) fn read(folder: &Path) -> Record {
    let text = fs::read_to_string(folder.join("peers.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Writes peers.json in one step, so that a reader never sees half of it.
pub(super) fn write(folder: &Path, record: &Record) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(record)?;
    text.push('\n');
    let fresh = folder.join("peers.json.new");
    fs::write(&fresh, text).with_context(|| format!("cannot write {}", fresh.display()))?;
    fs::rename(&fresh, folder.join("peers.json")).context("cannot put peers.json in its place")
}

/// Whether what was written down is what the table asks for, and is still there.
pub(super) fn is_current(peer: &Peer, record: &Record) -> bool {
    record.get(peer.name).is_some_and(|installed| {
        installed.package == peer.requirement()
            && installed.path.is_file()
            && installed.args.iter().all(|script| script.is_file())
            && installed.modules.iter().all(|folder| folder.is_dir())
    })
}
