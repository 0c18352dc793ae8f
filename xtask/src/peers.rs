//! `cargo xtask peers`: installs the real products that tests and benches run against.

mod command;
mod debian;
mod install;
mod npm;
mod peer;
mod pip;
mod record;
mod table;
mod version;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::workspace;
use peer::{Peer, Program};
use table::PEERS;

/// Options of `cargo xtask peers`.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Only these, by name; peers that nothing needs yet can be named too.
    #[arg(long, num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// Also the peers that nothing needs yet.
    #[arg(long)]
    all: bool,
    /// Say what there is and what is installed, and install nothing.
    #[arg(long)]
    list: bool,
}

/// Installs what is missing or out of date, and writes target/peers/peers.json.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let wanted = select(args)?;
    let folder = workspace::peers_folder();
    if args.list {
        list(&wanted);
        return Ok(());
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let _held = hold_lock(&folder.join("lock"))?;
    let mut record = record::read(&folder);
    let failed = install::run(&folder, &wanted, &mut record)?;
    if !failed.is_empty() {
        bail!("not installed: {}", failed.join(", "));
    }
    Ok(())
}

/// Name and version of what is installed, as each product says it.
pub(crate) fn versions() -> Vec<(String, String)> {
    let record = record::read(&workspace::peers_folder()).into_iter();
    record
        .map(|(name, installed)| (name, installed.version))
        .collect()
}

/// The program of an installed peer, with the arguments that make it run.
pub(crate) fn command(name: &str) -> anyhow::Result<Command> {
    let installed = installed(name)?;
    let mut command = Command::new(&installed.path);
    command.args(&installed.args);
    Ok(command)
}

/// The node_modules folder of an installed peer of npm.
pub(crate) fn modules(name: &str) -> anyhow::Result<PathBuf> {
    let modules = installed(name)?.modules;
    modules.with_context(|| format!("the peer {name} has no modules"))
}

fn installed(name: &str) -> anyhow::Result<record::Installed> {
    let mut record = record::read(&workspace::peers_folder());
    record.remove(name).with_context(|| {
        format!("the peer {name} is not installed: cargo xtask peers --only {name}")
    })
}

fn select(args: &Args) -> anyhow::Result<Vec<&'static Peer>> {
    if args.only.is_empty() {
        return Ok(PEERS
            .iter()
            .filter(|peer| args.all || args.list || !peer.later)
            .collect());
    }
    let mut wanted = Vec::new();
    for name in &args.only {
        let peer = PEERS.iter().find(|peer| peer.name == name);
        wanted.push(peer.with_context(|| format!("no peer {name}: cargo xtask peers --list"))?);
    }
    // A script of npm's runs on the pinned Node.
    if wanted
        .iter()
        .any(|peer| matches!(peer.program, Program::Script(_) | Program::Modules))
    {
        wanted.extend(PEERS.iter().filter(|peer| peer.name == "node"));
    }
    wanted.sort_by_key(|peer| peer.name);
    wanted.dedup_by_key(|peer| peer.name);
    Ok(wanted)
}

fn list(wanted: &[&Peer]) {
    let record = record::read(&workspace::peers_folder());
    for peer in wanted {
        let state = match (record::is_current(peer, &record), peer.later) {
            (true, _) => "installed",
            (false, true) => "later",
            (false, false) => "missing",
        };
        anstream::println!("  {:<18} {:<10} {}", peer.name, state, peer.requirement());
    }
}

/// One run at a time: a second waits for the first and then finds its work done.
fn hold_lock(path: &std::path::Path) -> anyhow::Result<File> {
    let file = File::create(path).with_context(|| format!("cannot open {}", path.display()))?;
    if file.try_lock().is_err() {
        anstream::println!("  waiting for another cargo xtask peers …");
        file.lock().context("cannot lock target/peers")?;
    }
    Ok(file)
}
