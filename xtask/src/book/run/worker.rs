//! A Worker's script is loaded by workerd: it is started, and has to listen.

use std::net::TcpStream;
use std::time::Duration;

use propylon_testkit::{Guarded, free_address, within};

use super::load::{Loaded, last_lines};
use super::sandbox::Sandbox;
use crate::peers;

const PATIENCE: Duration = Duration::from_secs(30);

/// Starts workerd on the `worker.js` of the sandbox.
pub(super) fn load(sandbox: &Sandbox) -> anyhow::Result<Loaded> {
    let address = free_address();
    let settings = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n\
           services = [(name = \"worker\", worker = (\n\
             modules = [(name = \"worker.js\", esModule = embed \"worker.js\")],\n\
             compatibilityDate = \"2026-01-01\"))],\n\
           sockets = [(name = \"http\", address = \"{address}\", http = (), service = \"worker\")]);\n"
    );
    let path = sandbox.path().join("config.capnp");
    std::fs::write(&path, settings)?;
    let mut command = peers::command("workerd")?;
    command.arg("serve").arg(&path).current_dir(sandbox.path());
    let mut process = Guarded::start(command);
    let is_up = within(PATIENCE, || {
        let ended = process.wait(Duration::ZERO).is_some();
        let listens = TcpStream::connect(address).is_ok();
        (ended || listens).then_some(!ended)
    });
    let said = process.output().text();
    Ok(if is_up == Some(true) && !said.contains("rror:") {
        Ok(())
    } else {
        Err(last_lines(&said))
    })
}
