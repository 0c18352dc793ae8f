//! Running an installer: its output goes to a log, and the log's end is shown when it fails.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::workspace::as_typed;

const LINES_SHOWN: usize = 20;

/// Runs `command` to its end, adding what it prints to `log`.
pub(super) fn run(command: &mut Command, log: &Path) -> anyhow::Result<()> {
    let typed = as_typed(command);
    let open = || OpenOptions::new().create(true).append(true).open(log);
    let mut file = open().with_context(|| format!("cannot open {}", log.display()))?;
    writeln!(file, "$ {typed}")?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("cannot start: {typed}"))?;
    if !status.success() {
        bail!(
            "{status} from the command below; the end of {}:\n{}\nby hand: {typed}",
            log.display(),
            end_of(log)
        );
    }
    Ok(())
}

/// What `command` prints, on both of its outputs, whatever it exits with.
pub(super) fn printed(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start: {}", as_typed(command)))?;
    let out = String::from_utf8_lossy(&output.stdout);
    Ok(format!("{out}{}", String::from_utf8_lossy(&output.stderr)))
}

/// The last lines of what the latest command wrote.
fn end_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let latest = text
        .rsplit_once("\n$ ")
        .map_or(&*text, |(_, latest)| latest);
    let lines: Vec<&str> = latest.lines().skip(1).collect();
    let from = lines.len().saturating_sub(LINES_SHOWN);
    let shown = lines.iter().skip(from).map(|line| format!("  | {line}"));
    shown.collect::<Vec<_>>().join("\n")
}
