//! The real products that `cargo xtask peers` installs, as that command wrote them down.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What `target/peers/peers.json` lists.
pub struct Peers {
    entries: Value,
}

impl Peers {
    /// Reads the list under `workspace`'s `target` directory.
    ///
    /// # Panics
    /// When it is not there, with the command that makes it.
    pub fn load(workspace: impl AsRef<Path>) -> Self {
        let file = workspace.as_ref().join("target/peers/peers.json");
        let text = std::fs::read_to_string(&file);
        let text = text
            .unwrap_or_else(|_| panic!("the real peers are not installed: run cargo xtask peers"));
        let entries = serde_json::from_str(&text);
        Self {
            entries: entries
                .unwrap_or_else(|error| panic!("{} is not JSON: {error}", file.display())),
        }
    }

    /// The program of a peer.
    ///
    /// # Panics
    /// When the peer is not installed, with the command that installs it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.file(name, &self.entries[name]["path"])
    }

    /// A peer's program with the arguments that make it run, as for a script of Node's.
    ///
    /// # Panics
    /// As [`path`](Self::path).
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        let args = self.entries[name]["args"].as_array().into_iter().flatten();
        command.args(args.filter_map(Value::as_str));
        command
    }

    /// The `node_modules` directory a peer of npm lies in.
    ///
    /// # Panics
    /// As [`path`](Self::path).
    pub fn modules(&self, name: &str) -> PathBuf {
        self.file(name, &self.entries[name]["modules"])
    }

    fn file(&self, name: &str, listed: &Value) -> PathBuf {
        let path = listed
            .as_str()
            .map(PathBuf::from)
            .filter(|path| path.exists());
        path.unwrap_or_else(|| panic!("the peer {name} is not installed: run cargo xtask peers"))
    }
}
