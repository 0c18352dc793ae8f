//! Where each peer's program is, and which version it says it is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, bail};
use serde_json::Value;

use super::peer::Peer;

/// The programs of the peers of one run.
pub(super) struct Programs(BTreeMap<&'static str, Program>);

struct Program {
    path: PathBuf,
    version: String,
}

impl Programs {
    /// Finds every peer's program before anything is started.
    pub(super) fn find(root: &Path, peers: &[&'static Peer]) -> anyhow::Result<Self> {
        let installed = installed(root)?;
        let mut programs = BTreeMap::new();
        for peer in peers
            .iter()
            .filter(|peer| !peer.version_arguments.is_empty())
        {
            let path = find_one(root, &installed, peer.name)?;
            let version = version(&path, peer.version_arguments)?;
            programs.insert(peer.name, Program { path, version });
        }
        Ok(Self(programs))
    }

    pub(super) fn path(&self, name: &str) -> anyhow::Result<&Path> {
        Ok(&self
            .0
            .get(name)
            .with_context(|| format!("{name} has no program"))?
            .path)
    }

    /// The version in digits, or a dash for the bench's own.
    pub(super) fn version(&self, name: &str) -> String {
        self.0
            .get(name)
            .map_or_else(|| "–".into(), |program| program.version.clone())
    }
}

/// This program with a subcommand.
pub(super) fn own(arguments: &[&str]) -> anyhow::Result<Vec<OsString>> {
    let mut command = vec![env::current_exe()?.into_os_string()];
    command.extend(arguments.iter().map(Into::into));
    Ok(command)
}

/// The program h2load, which is no peer but a load.
pub(super) fn h2load(root: &Path) -> anyhow::Result<PathBuf> {
    find_one(root, &installed(root)?, "h2load")
}

/// What `cargo xtask peers` has installed.
fn installed(root: &Path) -> anyhow::Result<Value> {
    let list = root.join("target/peers/peers.json");
    match fs::read_to_string(&list) {
        Ok(text) => {
            serde_json::from_str(&text).with_context(|| format!("{} is not JSON", list.display()))
        }
        Err(_) => Ok(Value::Null),
    }
}

fn find_one(root: &Path, installed: &Value, name: &str) -> anyhow::Result<PathBuf> {
    let program = name.split('-').next().unwrap_or(name);
    if program == "propylon" {
        let path = root.join("target/release/propylon");
        return if path.is_file() {
            Ok(path)
        } else {
            bail!("target/release/propylon is missing: cargo build --release -p propylon")
        };
    }
    if let Some(path) = listed(installed, program) {
        let path = root.join(path);
        if path.is_file() {
            return Ok(path);
        }
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .with_context(|| format!("{program} is not installed: cargo xtask peers"))
}

/// The path of one peer in peers.json.
fn listed<'a>(installed: &'a Value, program: &str) -> Option<&'a str> {
    installed.get(program)?.get("path")?.as_str()
}

fn version(path: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(path)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot run {}", path.display()))?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    find_version(&said).with_context(|| format!("{} says no version: {said}", path.display()))
}

/// The first word of the text that holds digits with at least one dot between.
fn find_version(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || "/,".contains(c))
        .find_map(|word| {
            let word = word.trim_start_matches('v');
            let digits: String = word
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let digits = digits.trim_end_matches('.');
            (digits.contains('.') && digits.starts_with(|c: char| c.is_ascii_digit()))
                .then(|| digits.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_products_say() {
        let check = |said: &str, expected: &str| {
            assert_eq!(find_version(said).as_deref(), Some(expected), "{said}")
        };
        check("nginx version: nginx/1.31.3", "1.31.3");
        check(
            "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/",
            "2.6.12",
        );
        check("v2.11.7 h1:yj0Y4f=", "2.11.7");
        check("Version:      3.7.15\nGo version:   go1.26.9", "3.7.15");
        check(
            "envoy  version: 9e5580933739/1.40.0/Clean/RELEASE/BoringSSL",
            "1.40.0",
        );
        check("propylon 0.1.0", "0.1.0");
        assert_eq!(find_version("no version here"), None);
    }
}
