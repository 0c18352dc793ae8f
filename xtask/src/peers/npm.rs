//! Peers from the npm registry, in prefixes of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use super::command;
use super::peer::{Peer, Program, Proof, Source};
use super::record::Installed;
use super::table::{PEERS, REGISTRY_DAY};
use super::version;

/// Installs `peers`, which share `prefix`.
pub(super) fn install(folder: &Path, prefix: &str, peers: &[&Peer]) -> anyhow::Result<()> {
    if crate::workspace::find_program("npm").is_none() {
        bail!("npm is not on PATH; on Debian: apt-get install nodejs npm");
    }
    let place = folder.join(prefix);
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    // Without a package.json of its own, npm would look for one further up.
    let manifest = place.join("package.json");
    if !manifest.exists() {
        fs::write(&manifest, "{ \"private\": true }\n")?;
    }
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--save-exact",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]);
    npm.arg(format!("--before={REGISTRY_DAY}"));
    npm.arg("--prefix").arg(&place);
    for peer in peers {
        if let Source::Npm {
            package, version, ..
        } = peer.source
        {
            npm.arg(format!("{package}@{version}"));
        }
    }
    command::run(&mut npm, &folder.join(format!("npm-{prefix}.log")))
}

/// Finds an installed peer and proves its version.
pub(super) fn locate(folder: &Path, peer: &Peer) -> anyhow::Result<Installed> {
    let Source::Npm {
        prefix, package, ..
    } = peer.source
    else {
        bail!("{} is not from npm", peer.name);
    };
    let modules = folder.join(prefix).join("node_modules");
    let inside = modules.join(package);
    let (path, args) = match peer.program {
        Program::NpmFile(file) => (inside.join(file), Vec::new()),
        Program::Script(file) => (node(folder)?, vec![inside.join(file)]),
        Program::Modules => (node(folder)?, Vec::new()),
        _ => bail!("{} is not an npm package's program", peer.name),
    };
    let says = match peer.proof {
        Proof::Says(arguments) => {
            command::printed(Command::new(&path).args(&args).args(arguments))?
        }
        Proof::Metadata => {
            let manifest = fs::read_to_string(inside.join("package.json"))
                .with_context(|| format!("{package} has no package.json"))?;
            let manifest: Value = serde_json::from_str(&manifest)?;
            manifest
                .get("version")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        }
    };
    let version = version::find(&says, peer.version())
        .with_context(|| format!("expected {}, but it says: {says}", peer.version()))?;
    let package = peer.requirement();
    Ok(Installed {
        path,
        args,
        version,
        package,
        modules: Some(modules),
    })
}

/// The Node that runs the scripts: the peer of that name.
fn node(folder: &Path) -> anyhow::Result<PathBuf> {
    let peer = PEERS.iter().find(|peer| peer.name == "node");
    let peer = peer.context("the table has no node")?;
    Ok(locate(folder, peer)
        .context("the node peer is missing: cargo xtask peers --only node")?
        .path)
}
