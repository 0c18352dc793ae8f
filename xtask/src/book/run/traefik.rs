//! Traefik has no dry run: it is started, and asked what became of its configuration.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use propylon_testkit::{Guarded, free_address, within};
use serde_json::Value;

use super::load::{Loaded, last_lines};
use super::sandbox::Sandbox;
use crate::peers;

const PATIENCE: Duration = Duration::from_secs(30);
/// The route that every dynamic file here has: it is in force once this one is.
const CANARY: &str = "http:\n  routers:\n    canary: { rule: \"Path(`/canary`)\", service: canary }\n  services:\n    canary: { loadBalancer: { servers: [{ url: \"http://127.0.0.1:9\" }] } }\n";

/// Starts Traefik on the file: a static one where the place says so.
pub(super) fn load(sandbox: &Sandbox, place: &str, text: &str) -> anyhow::Result<Loaded> {
    let (admin, web) = (free_address(), free_address());
    let folder = sandbox.path().join("dynamic");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("canary.yaml"), CANARY)?;
    let given = folder.join("given.yaml");
    let mut settings = format!(
        "entryPoints:\n  traefik: {{ address: \"{admin}\" }}\n  web0: {{ address: \"{web}\" }}\napi: {{ insecure: true }}\n\
         log: {{ level: INFO }}\nproviders: {{ file: {{ directory: \"{}\" }} }}\n",
        folder.display()
    );
    if place.starts_with("traefik/static") {
        let _ = fs::remove_file(&given);
        // The context has `entryPoints:` first, so that a block may add one to it.
        settings = text
            .replace("@ADMIN@", &admin.to_string())
            .replace("@DYNAMIC@", &folder.display().to_string());
    } else {
        fs::write(&given, text)?;
    }
    let path = sandbox.path().join("traefik.yaml");
    fs::write(&path, settings)?;
    let mut command = peers::command("traefik")?;
    command.arg(format!("--configFile={}", path.display()));
    command.current_dir(sandbox.path());
    let mut process = Guarded::start(command);
    let state = within(PATIENCE, || {
        if process.wait(Duration::ZERO).is_some() {
            return Some(Value::Null);
        }
        let state = ask(admin)?;
        state["routers"]["canary@file"].is_object().then_some(state)
    });
    let said = process.output().text();
    let complaint = said.lines().find(|line| line.contains("ERR"));
    Ok(match (state, complaint) {
        (_, Some(line)) => Err(line.to_owned()),
        (None | Some(Value::Null), None) => Err(last_lines(&said)),
        (Some(state), None) => refused(&state).map_or(Ok(()), Err),
    })
}

/// What Traefik took but does not serve.
fn refused(state: &Value) -> Option<String> {
    let kinds = ["routers", "middlewares", "services"];
    let all = kinds
        .iter()
        .filter_map(|kind| state[kind].as_object())
        .flatten();
    let bad = all.filter(|(_, one)| {
        one["status"]
            .as_str()
            .is_some_and(|status| status != "enabled")
    });
    bad.map(|(name, one)| format!("{name}: {}", one["error"]))
        .next()
}

fn ask(address: SocketAddr) -> Option<Value> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let request = "GET /api/rawdata HTTP/1.0\r\nHost: traefik\r\n\r\n";
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}
