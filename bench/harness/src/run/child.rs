//! A child process with a process group of its own, which always ends with its owner.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use super::machine::Interrupt;

const POLL: Duration = Duration::from_millis(10);
const END_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_LINE_TIMEOUT: Duration = Duration::from_secs(10);

/// A running program whose output goes to `stdout` and `stderr` in its folder.
pub(super) struct Child {
    process: std::process::Child,
    folder: PathBuf,
    name: String,
}

impl Child {
    /// Starts `command` (the program, then its arguments) in `folder`.
    pub(super) fn start(
        command: &[OsString],
        folder: &Path,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let (program, rest) = command.split_first().context("no program to start")?;
        let name = Path::new(program)
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let process = Command::new(program)
            .args(rest)
            .current_dir(folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(File::create(folder.join("stdout"))?)
            .stderr(File::create(folder.join("stderr"))?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            process,
            folder: folder.to_owned(),
            name,
        })
    }

    /// The process group, which is also the first process's id.
    pub(super) fn group(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the first line of output.
    pub(super) fn first_line(&mut self, interrupt: &Interrupt) -> anyhow::Result<String> {
        let deadline = Instant::now() + FIRST_LINE_TIMEOUT;
        while Instant::now() < deadline {
            interrupt.check()?;
            if let Some((line, _)) = self.output()?.split_once('\n') {
                return Ok(line.to_owned());
            }
            self.fail_if_ended()?;
            thread::sleep(POLL);
        }
        bail!("{} said nothing", self.name)
    }

    /// Waits for the end, which must be a success, and returns the output.
    pub(super) fn finish(
        mut self,
        most: Duration,
        interrupt: &Interrupt,
    ) -> anyhow::Result<String> {
        let deadline = Instant::now() + most;
        loop {
            interrupt.check()?;
            match self.process.try_wait()? {
                Some(status) if status.success() => return self.output(),
                Some(status) => bail!(self.failure(status)),
                None if Instant::now() > deadline => bail!("{} did not end in {most:?}", self.name),
                None => thread::sleep(POLL),
            }
        }
    }

    pub(super) fn fail_if_ended(&mut self) -> anyhow::Result<()> {
        match self.process.try_wait()? {
            Some(status) => bail!(self.failure(status)),
            None => Ok(()),
        }
    }

    /// Asks the group to end and waits; a group that does not is killed.
    pub(super) fn end(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.signal(Signal::TERM);
            let deadline = Instant::now() + END_TIMEOUT;
            while Instant::now() < deadline && matches!(self.process.try_wait(), Ok(None)) {
                thread::sleep(POLL);
            }
        }
        self.signal(Signal::KILL);
        let _status = self.process.wait();
    }

    fn output(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.folder.join("stdout"))?)
    }

    fn failure(&self, status: ExitStatus) -> String {
        let said = fs::read_to_string(self.folder.join("stderr")).unwrap_or_default();
        let last: Vec<&str> = said.lines().rev().take(15).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        format!("{} ended with {status}:\n{}", self.name, last.join("\n"))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
        {
            // A group that is already gone is what we want.
            let _gone = kill_process_group(group, signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}
