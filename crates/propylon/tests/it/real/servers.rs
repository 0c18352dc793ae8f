//! Groups of three replicas of real servers, started once for the whole run and ended with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use propylon_testkit::{Guarded, Peers, Propylon, eventually, free_port};

/// A kind of real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The npm package server-everything, on Streamable HTTP.
    Everything,
    /// The npm package server-everything, on HTTP with SSE.
    EverythingSse,
    /// The Python SDK.
    PythonSdk,
    /// The Python SDK, on HTTP with SSE.
    PythonSse,
    /// FastMCP.
    FastMcp,
    /// The Rust SDK.
    Rmcp,
    /// The Python SDK with the tools that the conformance suite asks for.
    Conformance,
}

/// The workspace's root.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The peers installed for this workspace.
pub(crate) fn peers() -> &'static Peers {
    static PEERS: OnceLock<Peers> = OnceLock::new();
    PEERS.get_or_init(|| Peers::load(workspace()))
}

/// A script beside these tests.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/peers")
        .join(name)
}

/// Three replicas and the proxy in front of them.
pub(crate) struct Group {
    servers: Vec<Server>,
    proxy: OnceLock<Propylon>,
}

/// One running server.
pub(crate) struct Server {
    _process: Guarded,
    port: u16,
}

impl Server {
    /// Starts one and waits until it accepts.
    pub(crate) fn start(kind: Kind, name: &str) -> Self {
        Self::start_with(kind, name, &[])
    }

    /// Starts one with more arguments.
    pub(crate) fn start_with(kind: Kind, name: &str, args: &[&str]) -> Self {
        let port = free_port();
        let mut command = command(kind, name, port);
        command.args(args);
        let server = Self {
            _process: Guarded::start_leashed(&command),
            port,
        };
        eventually(
            &format!("{kind:?} {name} to listen"),
            Duration::from_secs(40),
            || server.listens(),
        );
        server
    }

    /// Its endpoint.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The root of everything it serves.
    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn listens(&self) -> bool {
        std::net::TcpStream::connect(self.address()).is_ok()
    }
}

impl Group {
    /// The endpoint of the first replica, without the proxy.
    pub(crate) fn direct(&self) -> String {
        self.servers[0].url()
    }

    /// How many requests the proxy has logged.
    pub(crate) fn carried(&self) -> usize {
        self.proxy.get().map_or(0, |proxy| proxy.access_log().len())
    }

    /// Where the proxy listens.
    pub(crate) fn front(&self) -> SocketAddr {
        self.through();
        self.proxy.get().expect("it was just started").address()
    }

    /// The endpoint through the proxy in front of all three, started when first asked for.
    pub(crate) fn through(&self) -> String {
        let urls = || self.servers.iter().map(Server::url).collect::<Vec<_>>();
        self.proxy
            .get_or_init(|| crate::front::serve_leashed(&urls()))
            .url("/mcp")
    }
}

/// Starts three replicas at once.
pub(crate) fn replicas(kind: Kind) -> Vec<Server> {
    let start = |name: &'static str| std::thread::spawn(move || Server::start(kind, name));
    let starting = ["alpha", "beta", "gamma"].map(start);
    starting
        .map(|starting| starting.join().expect("the replica starts"))
        .into()
}

/// The shared group of a kind, started by the first test that asks. Its processes end with this one.
pub(crate) fn group(kind: Kind) -> &'static Group {
    static GROUPS: Mutex<Vec<(Kind, &'static Group)>> = Mutex::new(Vec::new());
    static STARTING: [Mutex<()>; 7] = [const { Mutex::new(()) }; 7];
    let _turn = STARTING[kind as usize]
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let known = GROUPS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .find(|(other, _)| *other == kind)
        .copied();
    if let Some((_, group)) = known {
        return group;
    }
    let group: &'static Group = Box::leak(Box::new(Group {
        servers: replicas(kind),
        proxy: OnceLock::new(),
    }));
    GROUPS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((kind, group));
    group
}

fn command(kind: Kind, name: &str, port: u16) -> Command {
    let peers = peers();
    let python = |file: &str| {
        let mut command = Command::new(peers.path("python-sdk"));
        command
            .arg(script(file))
            .args(["--name", name, "--port", &port.to_string()]);
        command
    };
    match kind {
        Kind::Everything | Kind::EverythingSse => {
            let mut command = peers.command("server-everything");
            let transport = match kind {
                Kind::EverythingSse => "sse",
                _ => "streamableHttp",
            };
            command
                .arg(transport)
                .env("PORT", port.to_string())
                .env("PROPYLON_INSTANCE", name);
            command
        }
        Kind::PythonSdk => python("mcp_server.py"),
        Kind::PythonSse => {
            let mut command = python("mcp_server.py");
            command.arg("--sse");
            command
        }
        Kind::FastMcp => python("fastmcp_server.py"),
        Kind::Conformance => python("conformance_server.py"),
        Kind::Rmcp => {
            // By process, not by path: a build that runs meanwhile replaces the file.
            let mut command = Command::new(format!("/proc/{}/exe", std::process::id()));
            command.args([
                "--exact",
                "real::rmcp_server::serve_until_killed",
                "--ignored",
                "--nocapture",
            ]);
            command
                .env("PORT", port.to_string())
                .env("PROPYLON_INSTANCE", name);
            command
        }
    }
}
