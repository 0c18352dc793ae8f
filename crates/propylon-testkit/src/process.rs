//! Child processes that cannot outlive their test: own process group, output captured, killed on drop.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait::within;

/// Runs its arguments and ends the whole process group when its standard input closes: at the latest when the test
/// process itself is gone, so servers kept in a `static` end too.
/// The directory named by `LEASHED_DIRECTORY` goes with it.
const WARDEN: &str = r#""$@" & read -r _; [ -z "$LEASHED_DIRECTORY" ] || rm -r -- "$LEASHED_DIRECTORY"; kill -KILL 0"#;

/// What a process has written so far, on both outputs, in the order it was read.
#[derive(Clone, Default)]
pub struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Captured {
    /// Everything so far, as text; broken UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
            .into_owned()
    }

    fn drain(&self, mut from: impl Read + Send + 'static) {
        let bytes = Arc::clone(&self.bytes);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                bytes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&buffer[..count]);
            }
        });
    }
}

/// A running child process.
pub struct Guarded {
    child: Child,
    output: Captured,
    stdout: Captured,
    _leash: Option<ChildStdin>,
}

impl Guarded {
    /// Starts `command` in a process group of its own.
    ///
    /// # Panics
    /// When it cannot be started; the message names the program.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null());
        Self::spawn(command)
    }

    /// Starts `command` under a warden that ends it with this process even where nothing is dropped, as for a server
    /// kept in a `static`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_leashed(command: &Command) -> Self {
        let mut warden = Command::new("sh");
        warden
            .arg("-c")
            .arg(WARDEN)
            .arg("warden")
            .arg(command.get_program())
            .args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => warden.env(key, value),
                None => warden.env_remove(key),
            };
        }
        if let Some(directory) = command.get_current_dir() {
            warden.current_dir(directory);
        }
        warden.stdin(Stdio::piped());
        Self::spawn(warden)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it wrote on both outputs.
    pub fn output(&self) -> &Captured {
        &self.output
    }

    /// What it wrote on standard output alone.
    pub fn stdout(&self) -> &Captured {
        &self.stdout
    }

    /// Sends a signal to the process itself.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills the whole group and reaps it: what a crash of the machine looks like to others.
    pub fn kill(&mut self) {
        if let (Ok(None), Some(pid)) = (
            self.child.try_wait(),
            Pid::from_raw(self.child.id().cast_signed()),
        ) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }

    /// Waits up to `limit` for the process to end by itself.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let status = within(limit, || self.child.try_wait().ok().flatten());
        // The readers see the end of the pipes a moment after the process ends.
        std::thread::sleep(Duration::from_millis(20));
        status
    }

    /// Resident memory in bytes, from `/proc`.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).expect("the process is running");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("VmRSS is listed");
        let kilobytes: u64 = line
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .expect("VmRSS is a number of kB");
        kilobytes * 1024
    }

    fn spawn(mut command: Command) -> Self {
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let (output, stdout) = (Captured::default(), Captured::default());
        if let Some(pipe) = child.stdout.take() {
            let both = Both {
                pipe,
                other: stdout.clone(),
            };
            output.drain(both);
        }
        if let Some(pipe) = child.stderr.take() {
            output.drain(pipe);
        }
        let leash = child.stdin.take();
        Self {
            child,
            output,
            stdout,
            _leash: leash,
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A reader that keeps a second copy of what it read.
struct Both<R> {
    pipe: R,
    other: Captured,
}

impl<R: Read> Read for Both<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.pipe.read(buffer)?;
        self.other
            .bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}
