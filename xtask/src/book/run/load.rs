//! How each product is asked whether it takes a configuration.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::bail;
use propylon_testkit::Guarded;

use super::sandbox::Sandbox;
use super::{traefik, worker};
use crate::peers;

/// How long a product may take to read one configuration on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a configuration loads, and what the product said when it does not.
pub(super) type Loaded = Result<(), String>;

/// Asks `product` about `text`.
pub(super) fn load(
    program: &Path,
    product: &str,
    sandbox: &Sandbox,
    place: &str,
    text: &str,
) -> anyhow::Result<Loaded> {
    let write = |name: &str| {
        let path = sandbox.path().join(name);
        std::fs::write(&path, text).map(|()| path)
    };
    let mut command;
    match product {
        "caddy" => {
            command = peers::command("caddy")?;
            command.args(["validate", "--adapter", "caddyfile", "--config"]);
            command.arg(write("Caddyfile")?);
        }
        "cloudflare" => {
            write("worker.js")?;
            return worker::load(sandbox);
        }
        "envoy" => {
            command = peers::command("envoy")?;
            command.args(["--mode", "validate", "--log-level", "error", "-c"]);
            command.arg(write("envoy.yaml")?);
        }
        "haproxy" => {
            command = peers::command("haproxy")?;
            command.args(["-c", "-f"]).arg(write("haproxy.cfg")?);
        }
        "kubernetes" => {
            command = peers::command("kubernetes-validate")?;
            command.arg(write("objects.yaml")?);
        }
        "nginx" => {
            write("nginx.conf")?;
            command = peers::command("nginx")?;
            command.args(["-t", "-p", ".", "-c", "nginx.conf"]);
        }
        "node" => {
            command = peers::command("node")?;
            command.arg(write("server.mjs")?);
        }
        "propylon" => {
            command = Command::new(program);
            command
                .args(["config", "check"])
                .arg(write("propylon.yaml")?);
        }
        "traefik" => return traefik::load(sandbox, place, text),
        other => bail!("nothing loads {other}"),
    }
    command
        .current_dir(sandbox.path())
        .env("HOME", sandbox.path())
        .env("XDG_DATA_HOME", sandbox.path())
        .env("XDG_CONFIG_HOME", sandbox.path());
    Ok(judge(command))
}

fn judge(command: Command) -> Loaded {
    let mut process = Guarded::start(command);
    match process.wait(PATIENCE) {
        Some(status) if status.success() => Ok(()),
        status => Err(format!(
            "{status:?}: {}",
            last_lines(&process.output().text())
        )),
    }
}

/// The end of what a product wrote: the reason is there.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let from = lines.len().saturating_sub(4);
    lines.get(from..).unwrap_or_default().join(" / ")
}
