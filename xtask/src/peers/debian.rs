//! Peers from Debian: the system's own where it has the right one, or else unpacked under target/peers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::command;
use super::peer::{Peer, Place, Program, Proof, Source};
use super::record::Installed;
use super::version;
use crate::workspace::find_program;

/// Another apt may hold its lock; waited for this many times.
const LOCK_TRIES: usize = 30;
const LOCK_PAUSE: Duration = Duration::from_secs(2);

/// Makes `peer` available.
pub(super) fn install(folder: &Path, peer: &Peer) -> anyhow::Result<()> {
    if locate(folder, peer).is_ok() {
        return Ok(());
    }
    let Source::Debian { package, place, .. } = peer.source else {
        bail!("{} is not from Debian", peer.name);
    };
    ensure!(
        find_program("apt-get").is_some(),
        "it is not on PATH, and this is not a Debian system: install {package} {} by its own means",
        peer.version()
    );
    let log = folder.join(format!("debian-{}.log", peer.name));
    let done = match place {
        Place::Unpacked => unpack(folder, peer, package, &log),
        Place::System => install_on_system(package, &log),
    };
    done.with_context(|| format!("by hand: sudo apt-get update; sudo apt-get install {package}"))
}

/// Downloads the package and what it needs that this system lacks, and unpacks them into a folder.
fn unpack(folder: &Path, peer: &Peer, package: &str, log: &Path) -> anyhow::Result<()> {
    let place = folder.join("debian").join(peer.name);
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot empty {}", place.display()))?;
    }
    let (archives, root) = (place.join("archives"), place.join("root"));
    fs::create_dir_all(&archives)?;
    fs::create_dir_all(&root)?;
    let fetch = || -> anyhow::Result<()> {
        let lacking = lacking(package)?;
        let mut apt = Command::new("apt-get");
        apt.current_dir(&archives)
            .args(["-o", "APT::Sandbox::User=root", "download"]);
        command::run(apt.args(&lacking), log)
    };
    // The lists may be missing, or older than what the archive now keeps.
    if fetch().is_err() {
        update(log)?;
        fetch()?;
    }
    for entry in fs::read_dir(&archives)? {
        let archive = entry?.path();
        let mut dpkg = Command::new("dpkg-deb");
        command::run(dpkg.arg("--extract").arg(&archive).arg(&root), log)?;
        let name = archive.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&format!("{package}_")) {
            let mut field = Command::new("dpkg-deb");
            let version = command::printed(field.arg("--field").arg(&archive).arg("Version"))?;
            fs::write(place.join("version"), version)?;
        }
    }
    fs::remove_dir_all(&archives)?;
    write_launcher(&place, &root, peer)
}

/// The packages that installing `package` would bring to this system, itself among them.
fn lacking(package: &str) -> anyhow::Result<Vec<String>> {
    let mut apt = Command::new("apt-get");
    apt.args([
        "install",
        "--simulate",
        "--reinstall",
        "--no-install-recommends",
        package,
    ]);
    let printed = command::printed(&mut apt)?;
    let names = printed
        .lines()
        .filter_map(|line| line.strip_prefix("Inst "));
    let names: Vec<String> = names
        .filter_map(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    ensure!(
        names.iter().any(|name| name == package),
        "apt knows no {package}: {printed}"
    );
    Ok(names)
}

/// A script that runs the unpacked program with the unpacked libraries; `exec` keeps the process one.
fn write_launcher(place: &Path, root: &Path, peer: &Peer) -> anyhow::Result<()> {
    let program = root.join(program_of(peer)?);
    ensure!(
        program.is_file(),
        "the package has no {}",
        program.display()
    );
    let libraries: Vec<String> = library_folders(root)
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let libraries = match libraries.join(":") {
        joined if joined.is_empty() => joined,
        joined => format!("LD_LIBRARY_PATH='{joined}' "),
    };
    let script = format!(
        "#!/bin/sh\n{libraries}exec '{}' \"$@\"\n",
        program.display()
    );
    let launcher = place.join(peer.name);
    fs::write(&launcher, script)?;
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The folders of `lib` and `usr/lib` that hold shared libraries, themselves and one level down.
fn library_folders(root: &Path) -> Vec<PathBuf> {
    let tops = [root.join("usr/lib"), root.join("lib")];
    let holds_libraries = |folder: &PathBuf| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().contains(".so"))
    };
    let below = tops.iter().flat_map(|top| {
        let entries = fs::read_dir(top).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect::<Vec<_>>()
    });
    let mut folders: Vec<PathBuf> = tops.iter().cloned().chain(below).collect();
    folders.retain(holds_libraries);
    folders
}

fn install_on_system(package: &str, log: &Path) -> anyhow::Result<()> {
    update(log)?;
    let arguments = ["install", "--yes", "--no-install-recommends", package];
    command::run(
        privileged()?
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments),
        log,
    )
}

/// Refreshes apt's lists; another apt at work is waited for.
fn update(log: &Path) -> anyhow::Result<()> {
    for _ in 0..LOCK_TRIES {
        match command::run(privileged()?.arg("update"), log) {
            Err(error) if format!("{error:#}").contains("Could not get lock") => {
                thread::sleep(LOCK_PAUSE);
            }
            other => return other,
        }
    }
    bail!("another apt kept its lock")
}

/// `apt-get` as root: directly, or through a sudo that asks nothing.
fn privileged() -> anyhow::Result<Command> {
    let user = command::printed(Command::new("id").arg("-u"))?;
    if user.trim() == "0" {
        return Ok(Command::new("apt-get"));
    }
    let mut probe = Command::new("sudo");
    probe
        .args(["-n", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "apt-get"]);
        return Ok(sudo);
    }
    bail!("this needs root, and sudo would ask for a password")
}

/// Finds the peer, unpacked or on the system, and proves its version.
pub(super) fn locate(folder: &Path, peer: &Peer) -> anyhow::Result<Installed> {
    let program = program_of(peer)?;
    let unpacked = folder.join("debian").join(peer.name).join(peer.name);
    let on_path = Path::new(program)
        .file_name()
        .and_then(|name| find_program(&name.to_string_lossy()));
    let candidates = [Some(Path::new("/").join(program)), on_path, Some(unpacked)];
    for path in candidates
        .into_iter()
        .flatten()
        .filter(|path| path.is_file())
    {
        let says = what_it_says(peer, &path).unwrap_or_default();
        if let Some(version) = version::find(&says, peer.version()) {
            let package = peer.requirement();
            return Ok(Installed {
                path,
                args: Vec::new(),
                version,
                package,
                modules: None,
            });
        }
    }
    bail!("no {} {} found", peer.name, peer.version())
}

/// The version in the program's own words, or in the package's where the program has none.
fn what_it_says(peer: &Peer, path: &Path) -> anyhow::Result<String> {
    if let Proof::Says(arguments) = peer.proof {
        return command::printed(Command::new(path).args(arguments));
    }
    let beside = path.with_file_name("version");
    if beside.is_file() {
        return Ok(fs::read_to_string(beside)?);
    }
    let Source::Debian { package, .. } = peer.source else {
        bail!("{} is not from Debian", peer.name);
    };
    let mut dpkg = Command::new("dpkg-query");
    command::printed(dpkg.args(["--show", "--showformat=${Version}", package]))
}

fn program_of(peer: &Peer) -> anyhow::Result<&'static str> {
    match peer.program {
        Program::System(path) => Ok(path),
        _ => bail!("{} is not a Debian program", peer.name),
    }
}
