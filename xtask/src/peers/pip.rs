//! Peers from PyPI, in one virtual environment.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::command;
use super::peer::{Peer, Program, Proof, Source};
use super::record::Installed;
use super::table::{PIP_VERSION, REGISTRY_DAY};
use super::version;

/// Installs all of `peers` in one go, so that one resolution has to fit them all.
pub(super) fn install(folder: &Path, peers: &[&Peer]) -> anyhow::Result<()> {
    let environment = folder.join("python");
    let log = folder.join("pip.log");
    if command::printed(Command::new(environment.join("bin/pip")).arg("--version")).is_err() {
        create(&environment, &log)?;
    }
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args([
        "install",
        "--disable-pip-version-check",
        "--uploaded-prior-to",
        REGISTRY_DAY,
    ]);
    for peer in peers {
        if let Source::Pip { package, version } = peer.source {
            pip.arg(format!("{package}=={version}"));
        }
    }
    command::run(&mut pip, &log)
}

/// Makes the environment anew: a Python upgrade leaves one that no longer starts.
fn create(environment: &Path, log: &Path) -> anyhow::Result<()> {
    if environment.exists() {
        fs::remove_dir_all(environment).context("cannot remove the broken environment")?;
    }
    let mut venv = Command::new("python3");
    command::run(venv.args(["-m", "venv"]).arg(environment), log).context(
        "cannot make a Python environment; on Debian: apt-get install python3 python3-venv",
    )?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--disable-pip-version-check"]);
    command::run(pip.arg(format!("pip=={PIP_VERSION}")), log)
}

/// Finds an installed peer and proves its version.
pub(super) fn locate(folder: &Path, peer: &Peer) -> anyhow::Result<Installed> {
    let environment = folder.join("python");
    let path = match peer.program {
        Program::Bin(name) => environment.join("bin").join(name),
        Program::SitePackage(file) => {
            site_packages(&environment)?.join(file.replace("{arch}", ARCH))
        }
        _ => bail!("{} is not a Python package's program", peer.name),
    };
    let Source::Pip { package, .. } = peer.source else {
        bail!("{} is not from PyPI", peer.name);
    };
    let says = match peer.proof {
        Proof::Says(arguments) => command::printed(Command::new(&path).args(arguments))?,
        Proof::Metadata => {
            let program =
                "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))";
            let mut python = Command::new(environment.join("bin/python"));
            let bare = package.split('[').next().unwrap_or(package);
            command::printed(python.args(["-c", program, bare]))?
        }
    };
    let version = version::find(&says, peer.version())
        .with_context(|| format!("expected {}, but it says: {says}", peer.version()))?;
    Ok(Installed {
        path,
        args: Vec::new(),
        version,
        package: peer.requirement(),
        modules: None,
    })
}

/// `lib/python3.N/site-packages` of the environment.
fn site_packages(environment: &Path) -> anyhow::Result<PathBuf> {
    let library = environment.join("lib");
    let entries = fs::read_dir(&library);
    let entries = entries.with_context(|| format!("cannot read {}", library.display()))?;
    entries
        .flatten()
        .map(|entry| entry.path().join("site-packages"))
        .find(|folder| folder.is_dir())
        .with_context(|| format!("{} has no site-packages", library.display()))
}
