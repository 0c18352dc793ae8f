//! Real clients that do not recover by themselves, and servers that are killed between two of their calls.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use propylon_testkit::{Propylon, Scratch, eventually};
use serde_json::json;

use crate::front::{metric, serve, serve_with};
use crate::real::scripts::{self, Steps};
use crate::real::servers::{Kind, Server, replicas};

/// Runs a client; the server that answers its first call is killed when it has.
fn walk(
    proxy: &Propylon,
    servers: &mut Vec<Server>,
    client: impl FnOnce(&str, &Path) -> Steps + Send + 'static,
) -> Steps {
    let scratch = Scratch::new();
    let gate = scratch.path().join("gate");
    let (url, awaited) = (proxy.url("/mcp"), gate.clone());
    let walking = std::thread::spawn(move || client(&url, &awaited));
    eventually("the first call", Duration::from_secs(40), || {
        scratch.path().join("gate.ready").exists() || walking.is_finished()
    });
    let call = proxy.logged(|line| line["rpc_method"] == "tools/call");
    let owner = call["instance"].as_str().expect("it went to an instance");
    let owner: SocketAddr = owner.parse().expect("its address");
    servers.retain(|server| server.address() != owner);
    eventually("the server to be gone", Duration::from_secs(10), || {
        TcpStream::connect(owner).is_err()
    });
    scratch.write("gate", "");
    walking.join().expect("the client ends")
}

/// Without help the client is lost; begun anew it goes on, and is told that the tools may be others.
fn lost_and_found(kind: Kind, client: fn(&str, &Path) -> Steps) {
    let mut servers = replicas(kind);
    let urls: Vec<_> = servers.iter().map(Server::url).collect();
    let proxy = serve(&urls);
    let steps = walk(&proxy, &mut servers, client);
    steps.at("lost");
    proxy.stop();
    assert_eq!(servers.len(), 2);

    let urls: Vec<_> = servers.iter().map(Server::url).collect();
    let proxy = serve_with(&urls, &["affinity: { on_lost: reinitialize }"], &[]);
    let steps = walk(&proxy, &mut servers, client);
    assert_eq!(servers.len(), 1);
    let texts: Vec<_> = steps.at("after")["texts"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let words = ["one", "two", "three", "four"];
    let is_echo = |(text, word): (&&serde_json::Value, &str)| {
        text.as_str().is_some_and(|text| text.ends_with(word))
    };
    assert!(
        texts.len() == 4 && texts.iter().zip(words).all(is_echo),
        "{texts:?}"
    );
    assert!(steps.at("list")["tools"].as_u64() >= Some(1));
    let declared = steps.at("before")["declared"] == json!(true);
    assert_eq!(
        steps.at("told")["count"],
        u64::from(declared),
        "told once, where its server tells such things"
    );
    assert_eq!(
        metric(&proxy, "propylon_session_repairs_total", &["reinitialized"]) as u32,
        1
    );
    proxy.stop();
}

#[test]
fn the_typescript_client_goes_on() {
    lost_and_found(Kind::Everything, scripts::typescript_lost);
}

#[test]
fn the_python_client_goes_on() {
    lost_and_found(Kind::PythonSdk, scripts::python_lost);
}
