//! Clients that are programs of their own: run, and what they said read back step by step.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch};
use serde_json::Value;

use super::servers::{peers, script};

/// What a script said, one object a step.
pub(crate) struct Steps {
    steps: Vec<Value>,
    said: String,
}

impl Steps {
    /// What was said at `name`.
    ///
    /// # Panics
    /// When that step was not reached; everything said is in the message.
    pub(crate) fn at(&self, name: &str) -> &Value {
        let found = self.steps.iter().find(|step| step["step"] == name);
        found.unwrap_or_else(|| panic!("the client did not reach {name}; it said:\n{}", self.said))
    }

    fn run(command: Command) -> Self {
        let mut process = Guarded::start(command);
        let status = process.wait(Duration::from_secs(120));
        let said = process.output().text();
        let steps = process
            .stdout()
            .text()
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        assert!(
            status.is_some_and(|status| status.success()),
            "the client ended with {status:?}; it said:\n{said}"
        );
        let steps = Self { steps, said };
        steps.at("end");
        steps
    }
}

/// A walk over HTTP/2 by Node's own client.
pub(crate) fn node(name: &str, args: &[&str]) -> Steps {
    let mut command = peers().command("node");
    command.arg(script(name)).args(args);
    Steps::run(command)
}

/// A walk over HTTP/2 by httpx.
pub(crate) fn httpx(name: &str, args: &[&str]) -> Steps {
    let mut command = Command::new(peers().path("httpx"));
    command.arg(script(name)).args(args);
    Steps::run(command)
}

/// The Python SDK's walk.
pub(crate) fn python(url: &str, args: &[&str]) -> Steps {
    Steps::run(python_client(url, args))
}

/// The TypeScript SDK's walk.
pub(crate) fn typescript(url: &str, args: &[&str]) -> Steps {
    Steps::run(typescript_client(url, args))
}

/// Both walks over https, by clients that trust the roots in `ca`.
pub(crate) fn over_tls(url: &str, args: &[&str], ca: &Path) -> [Steps; 2] {
    [python_client, typescript_client].map(|client| {
        let mut command = client(url, args);
        command
            .env("SSL_CERT_FILE", ca)
            .env("NODE_EXTRA_CA_CERTS", ca);
        Steps::run(command)
    })
}

fn python_client(url: &str, args: &[&str]) -> Command {
    let mut command = Command::new(peers().path("python-sdk"));
    command.arg(script("client.py")).arg(url).args(args);
    command
}

fn typescript_client(url: &str, args: &[&str]) -> Command {
    let mut command = peers().command("node");
    command.env("SDK_MODULES", peers().modules("typescript-sdk"));
    command.arg(script("client.mjs")).arg(url).args(args);
    command
}

/// The walk of the TypeScript SDK's package for the stateless revision.
pub(crate) fn typescript_modern(url: &str, args: &[&str]) -> Steps {
    let mut command = peers().command("node");
    command.env("SDK_MODULES", peers().modules("typescript-client"));
    command.arg(script("client_modern.mjs")).arg(url).args(args);
    Steps::run(command)
}

/// A session of every revision, by the Python SDK.
pub(crate) fn python_revisions(args: &[&str]) -> Steps {
    let mut command = Command::new(peers().path("python-sdk"));
    command.arg(script("revisions.py")).args(args);
    Steps::run(command)
}

/// A session of every revision, by both packages of the TypeScript SDK.
pub(crate) fn typescript_revisions(args: &[&str]) -> Steps {
    let mut command = peers().command("node");
    command.env("SDK_MODULES", peers().modules("typescript-sdk"));
    command.arg(script("revisions.mjs")).args(args);
    Steps::run(command)
}

/// Sessions over HTTP with SSE, by the Python SDK.
pub(crate) fn python_sse(url: &str, args: &[&str]) -> Steps {
    let mut command = Command::new(peers().path("python-sdk"));
    command.arg(script("sse_client.py")).arg(url).args(args);
    Steps::run(command)
}

/// Sessions over HTTP with SSE, by the TypeScript SDK.
pub(crate) fn typescript_sse(url: &str, args: &[&str]) -> Steps {
    let mut command = peers().command("node");
    command.env("SDK_MODULES", peers().modules("typescript-sdk"));
    command.arg(script("sse_client.mjs")).arg(url).args(args);
    Steps::run(command)
}

/// One method by the Inspector's command line: what it printed.
pub(crate) fn inspector(url: &str, args: &[&str]) -> Value {
    let scratch = Scratch::new();
    let mut command = peers().command("inspector");
    command
        .env("HOME", scratch.path())
        .env("MCP_CATALOG_PATH", scratch.path().join("mcp.json"));
    command
        .args(["--cli", url, "--transport", "http"])
        .args(args);
    let mut process = Guarded::start(command);
    let status = process.wait(Duration::from_secs(60));
    let said = process.output().text();
    assert!(
        status.is_some_and(|status| status.success()),
        "the Inspector ended with {status:?}:\n{said}"
    );
    serde_json::from_str(&process.stdout().text())
        .unwrap_or_else(|error| panic!("{error} in:\n{said}"))
}

/// The Python SDK's client whose server goes away; `gate` appears when it has.
pub(crate) fn python_lost(url: &str, gate: &Path) -> Steps {
    let mut command = Command::new(peers().path("python-sdk"));
    command.arg(script("lost_client.py")).arg(url).arg(gate);
    Steps::run(command)
}

/// The TypeScript SDK's client whose server goes away; `gate` appears when it has.
pub(crate) fn typescript_lost(url: &str, gate: &Path) -> Steps {
    let mut command = peers().command("node");
    command.env("SDK_MODULES", peers().modules("typescript-sdk"));
    command.arg(script("lost_client.mjs")).arg(url).arg(gate);
    Steps::run(command)
}
