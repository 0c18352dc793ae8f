//! The built `propylon` binary as a guarded child process: started, awaited, signalled, read, stopped.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::Signal;

use crate::port::free_address;
use crate::process::Guarded;
use crate::scratch::Scratch;
use crate::wait::within;

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to start.
pub struct Launch {
    binary: PathBuf,
    listen: SocketAddr,
    admin: SocketAddr,
    scratch: Scratch,
    extra: Vec<String>,
    leashed: bool,
}

impl Launch {
    /// A launch of `binary` with a free listener and admin address.
    pub fn new(binary: impl AsRef<Path>) -> Self {
        let (listen, admin) = (free_address(), free_address());
        Self {
            binary: binary.as_ref().to_owned(),
            listen,
            admin,
            scratch: Scratch::new(),
            extra: vec![],
            leashed: false,
        }
    }

    /// Adds arguments after those of the launch itself.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.extra.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// Ends it with this process even where nothing is dropped, as for one kept in a `static`. Signals then do not reach
    /// it, and it cannot be stopped in order.
    pub fn leashed(self) -> Self {
        Self {
            leashed: true,
            ..self
        }
    }

    /// Starts `serve -c FILE` with this text, in which `{listen}`, `{admin}` and `{dir}` (the launch's own directory)
    /// are filled in, and waits until it answers.
    ///
    /// # Panics
    /// When it does not; its output is in the message.
    pub fn config(self, text: &str) -> Propylon {
        let text = fill(text, self.listen, self.admin, self.scratch.path());
        let file = self.scratch.write("propylon.yaml", &text);
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("-c").arg(&file).args(&self.extra);
        self.start(command)
    }

    /// Starts `serve --listen … --upstream URL…` and waits until it answers.
    ///
    /// # Panics
    /// When it does not; its output is in the message.
    pub fn flags(self, upstreams: &[String]) -> Propylon {
        let mut command = Command::new(&self.binary);
        command
            .arg("serve")
            .arg("--listen")
            .arg(self.listen.to_string());
        for url in upstreams {
            command.arg("--upstream").arg(url);
        }
        command.args(&self.extra);
        self.start(command)
    }

    fn start(self, mut command: Command) -> Propylon {
        let Self {
            listen,
            admin,
            scratch,
            leashed,
            ..
        } = self;
        let process = if leashed {
            command.env("LEASHED_DIRECTORY", scratch.path());
            Guarded::start_leashed(&command)
        } else {
            Guarded::start(command)
        };
        let mut proxy = Propylon {
            process,
            listen,
            admin,
            scratch,
        };
        let ready = within(PATIENCE, || {
            let ended = proxy.process.wait(Duration::ZERO).is_some();
            (ended || TcpStream::connect_timeout(&listen, Duration::from_millis(200)).is_ok())
                .then_some(!ended)
        });
        assert_eq!(
            ready,
            Some(true),
            "propylon did not start; it wrote:\n{}",
            proxy.output()
        );
        proxy
    }
}

/// Fills `{listen}`, `{admin}` and `{dir}` in.
fn fill(text: &str, listen: SocketAddr, admin: SocketAddr, directory: &Path) -> String {
    text.replace("{listen}", &listen.to_string())
        .replace("{admin}", &admin.to_string())
        .replace("{dir}", &directory.display().to_string())
}

/// A running proxy.
pub struct Propylon {
    process: Guarded,
    listen: SocketAddr,
    admin: SocketAddr,
    scratch: Scratch,
}

impl Propylon {
    /// Where it listens for clients.
    pub fn address(&self) -> SocketAddr {
        self.listen
    }

    /// Where its admin listener is, if the configuration used `{admin}`.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// `http://ADDRESS` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listen)
    }

    /// The directory that `{dir}` stands for.
    pub fn directory(&self) -> &Path {
        self.scratch.path()
    }

    /// Replaces the configuration file's text, as an editor does; nothing is signalled.
    pub fn rewrite(&self, text: &str) {
        self.scratch.write(
            "propylon.yaml",
            &fill(text, self.listen, self.admin, self.scratch.path()),
        );
    }

    /// Everything it wrote so far: both outputs, and every file in its directory but the configuration.
    pub fn output(&self) -> String {
        let mut text = self.process.output().text();
        for entry in std::fs::read_dir(self.scratch.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name() != "propylon.yaml" {
                text.push_str(&String::from_utf8_lossy(
                    &std::fs::read(entry.path()).unwrap_or_default(),
                ));
            }
        }
        text
    }

    /// The access log's lines so far: every line written anywhere that is a JSON object with a `request_id`.
    pub fn access_log(&self) -> Vec<serde_json::Value> {
        let lines = self.output();
        let objects = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        objects
            .filter(|object| object.get("request_id").is_some())
            .collect()
    }

    /// Waits for the first access log line that `wanted` takes.
    ///
    /// # Panics
    /// When none comes; everything written is in the message.
    pub fn logged(&self, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let found = within(Duration::from_secs(5), || {
            self.access_log().into_iter().find(|line| wanted(line))
        });
        found.unwrap_or_else(|| panic!("no such access log line in:\n{}", self.output()))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits up to `limit` for it to end.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        self.process.wait(limit)
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> u64 {
        self.process.resident_bytes()
    }

    /// Ends it with two SIGTERMs (drain, then at once) and asserts exit 0.
    ///
    /// # Panics
    /// When it ends otherwise or not at all.
    pub fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        if self.wait(Duration::from_millis(300)).is_none() {
            self.signal(Signal::TERM);
        }
        let status = self
            .wait(PATIENCE)
            .unwrap_or_else(|| panic!("propylon did not stop:\n{}", self.output()));
        assert!(
            status.success(),
            "propylon ended with {status}:\n{}",
            self.output()
        );
        self.output()
    }
}
