//! The real products that `cargo xtask peers` installs, as that command wrote them down.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Paths of installed peers, from `target/peers/peers.json`.
pub struct Peers {
    root: PathBuf,
    entries: Value,
}

impl Peers {
    /// Reads the list under the workspace's `target` directory.
    ///
    /// # Panics
    /// When it is not there, with the command that makes it.
    pub fn load(workspace: impl AsRef<Path>) -> Self {
        let root = workspace.as_ref().join("target/peers");
        let file = root.join("peers.json");
        let text = std::fs::read_to_string(&file);
        let text = text
            .unwrap_or_else(|_| panic!("the real peers are not installed: run cargo xtask peers"));
        let entries = serde_json::from_str(&text);
        let entries =
            entries.unwrap_or_else(|error| panic!("{} is not JSON: {error}", file.display()));
        Self { root, entries }
    }

    /// The path of the peer `name`.
    ///
    /// # Panics
    /// When it is not listed or not there, with the command that installs it.
    pub fn path(&self, name: &str) -> PathBuf {
        let listed = self
            .entries
            .get(name)
            .and_then(|entry| entry.as_str().or_else(|| entry["path"].as_str()));
        let path = listed
            .map(|listed| self.root.join(listed))
            .filter(|path| path.exists());
        path.unwrap_or_else(|| panic!("peer {name} is not installed: run cargo xtask peers"))
    }
}
