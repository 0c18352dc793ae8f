//! The machine a run happens on: its facts, its limits, and the user's wish to stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, bail, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Set by the signals that ask us to stop, so that children are ended on the way out.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub(super) fn install() -> anyhow::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self(flag))
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        Ok(())
    }
}

/// Raises the limit of open files as far as it goes; children inherit it.
pub(super) fn raise_open_files(streams: usize) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    )
    .context("cannot raise the limit of open files")?;
    let needed = 2 * streams as u64 + 1000;
    let open_files_max = limit.maximum.unwrap_or(u64::MAX);
    ensure!(
        open_files_max >= needed,
        "{streams} streams need {needed} open files in the proxy, and the hard limit is {open_files_max}: raise it (ulimit -Hn) or take fewer --streams"
    );
    Ok(())
}

/// Cores, processor, kernel and memory, in one line.
pub(super) fn facts() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let processor =
        line_after("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version: String = kernel
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let memory_kib = line_after("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .unwrap_or(0);
    let memory_gib = (memory_kib as f64 / 1024.0 / 1024.0).round();
    format!(
        "{cores} cores ({processor}), {memory_gib} GiB, Linux {}",
        version.trim_end_matches('.')
    )
}

/// The folder that holds the workspace's Cargo.toml.
pub(super) fn workspace_root() -> anyhow::Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .ancestors()
        .nth(2)
        .context("the harness is not in bench/harness")?;
    Ok(root.to_owned())
}

fn line_after(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
