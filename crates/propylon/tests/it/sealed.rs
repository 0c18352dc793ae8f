//! The sealed store: any replica opens a session's id, and nothing is lost with one.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use propylon_testkit::{Propylon, Scratch, delete, eventually, initialize, post_json, rpc};
use rustix::process::Signal;
use serde_json::json;

use crate::front::{assert_refused, metric, scripted, serve_with, urls};
use crate::real::servers::{Kind, Server, replicas};
use crate::real::steady::{Sdk, Steady};

const KEYS: [&str; 2] = ["0123456789abcdef", "fedcba9876543210"];

/// A key file that only its owner may read.
fn key_file(scratch: &Scratch, name: &str, keys: &[&str]) -> String {
    let lines: String = keys.iter().map(|key| key.repeat(4) + "\n").collect();
    scratch.write(name, &lines);
    let path = scratch.path().join(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .expect("the mode is set");
    path.display().to_string()
}

fn sealed(urls: &[String], key_file: &str) -> Propylon {
    let affinity = format!("affinity: {{ store: sealed, key_file: {key_file} }}");
    serve_with(urls, &[&affinity], &[])
}

/// Opens a session: its id as the client sees it.
fn open(address: SocketAddr) -> String {
    let (response, body) = post_json(address, "/mcp", &[], &initialize(0));
    assert_eq!(response.status, 200, "{}", body.text());
    assert_eq!(response.values("mcp-session-id").len(), 1);
    response
        .header("mcp-session-id")
        .expect("a session")
        .to_owned()
}

fn whoami(address: SocketAddr, session: &str) -> String {
    let call = rpc(1, "tools/call", &json!({ "name": "whoami" }));
    let header = format!("Mcp-Session-Id: {session}");
    let (response, body) = post_json(address, "/mcp", &[&header], &call);
    assert_eq!(response.status, 200, "{}", body.text());
    body.json()["result"]["content"][0]["text"]
        .as_str()
        .expect("a text")
        .to_owned()
}

#[test]
fn sessions_outlive_replicas_that_share_nothing() {
    let scratch = Scratch::new();
    let key = key_file(&scratch, "key", &KEYS[..1]);
    let servers = scripted(&["alpha", "beta", "gamma"]);
    let [one, two] = [0, 1].map(|_| sealed(&urls(&servers), &key));
    let sessions: Vec<_> = (0..12).map(|_| open(one.address())).collect();
    assert!(
        sessions.iter().all(|session| !session.contains("session")),
        "{sessions:?}"
    );
    let held: Vec<_> = sessions
        .iter()
        .map(|session| whoami(two.address(), session))
        .collect();
    assert!(
        ["alpha", "beta", "gamma"]
            .iter()
            .all(|name| held.iter().any(|held| held == name))
    );
    assert_eq!(
        metric(&one, "propylon_affinity_entries", &[]) as usize,
        0,
        "nothing is kept"
    );
    one.stop();
    let again = sealed(&urls(&servers), &key);
    for (session, name) in sessions.iter().zip(&held) {
        assert_eq!(&whoami(again.address(), session), name);
        assert_eq!(&whoami(two.address(), session), name);
    }
    for (script, upstream) in &servers {
        for seen in upstream.exchanges() {
            let id = seen
                .header("mcp-session-id")
                .unwrap_or(&script.name)
                .to_owned();
            assert!(id.starts_with(&script.name), "{id} at {}", script.name);
        }
    }
    assert_eq!(delete(two.address(), "/mcp", &sessions[0]).0.status, 200);
    let header = format!("Mcp-Session-Id: {}", sessions[0]);
    let call = rpc(2, "tools/list", &json!({}));
    let (gone, body) = post_json(again.address(), "/mcp", &[&header], &call);
    assert_eq!(gone.status, 404, "the server's own word: {}", body.text());
    assert_eq!(gone.header("propylon-reason"), None);
    two.stop();
    again.stop();
}

#[test]
fn ids_of_others_are_unknown_and_nobody_is_asked() {
    let scratch = Scratch::new();
    let [ours, theirs] = [0, 1].map(|at| key_file(&scratch, KEYS[at], &KEYS[at..=at]));
    let servers = scripted(&["alpha", "beta"]);
    let proxy = sealed(&urls(&servers), &ours);
    let other = sealed(&urls(&servers), &theirs);
    let foreign = open(other.address());
    let mut forged = open(proxy.address()).into_bytes();
    forged[30] = if forged[30] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("ASCII");
    let before: usize = servers
        .iter()
        .map(|(_, server)| server.exchanges().len())
        .sum();
    let long = "x".repeat(5000);
    for id in [
        foreign.as_str(),
        &forged,
        "alpha-session-0",
        "",
        "a b",
        &long,
    ] {
        let header = format!("Mcp-Session-Id: {id}");
        let call = rpc(3, "tools/list", &json!({}));
        let answer = post_json(proxy.address(), "/mcp", &[&header], &call);
        assert_refused(&answer, 404, "session-unknown", &json!(3));
        assert_eq!(answer.1.json()["error"]["code"], -32001);
    }
    let after: usize = servers
        .iter()
        .map(|(_, server)| server.exchanges().len())
        .sum();
    assert_eq!(before, after, "nobody was asked");
    proxy.stop();
    other.stop();
}

#[test]
fn keys_are_rotated_by_reload() {
    let scratch = Scratch::new();
    let key = key_file(&scratch, "key", &KEYS[..1]);
    let servers = scripted(&["alpha"]);
    let proxy = sealed(&urls(&servers), &key);
    let begun = open(proxy.address());
    let reload = |keys: &[&str], count: usize| {
        key_file(&scratch, "key", keys);
        proxy.signal(Signal::HUP);
        eventually("the reload", Duration::from_secs(5), || {
            metric(&proxy, "propylon_reloads_total", &[]) as usize >= count
        });
    };
    reload(&[KEYS[1], KEYS[0]], 1);
    let since = open(proxy.address());
    assert_eq!(whoami(proxy.address(), &begun), "alpha");
    reload(&KEYS[1..], 2);
    assert_eq!(whoami(proxy.address(), &since), "alpha");
    let header = format!("Mcp-Session-Id: {begun}");
    let answer = post_json(
        proxy.address(),
        "/mcp",
        &[&header],
        &rpc(3, "ping", &json!({})),
    );
    assert_refused(&answer, 404, "session-unknown", &json!(3));
    proxy.stop();
}

#[test]
fn a_session_of_a_dead_instance_is_lost() {
    let scratch = Scratch::new();
    let key = key_file(&scratch, "key", &KEYS[..1]);
    let servers = scripted(&["alpha"]);
    let proxy = sealed(&urls(&servers), &key);
    let session = open(proxy.address());
    servers[0].1.die();
    let header = format!("Mcp-Session-Id: {session}");
    let answer = post_json(
        proxy.address(),
        "/mcp",
        &[&header],
        &rpc(3, "ping", &json!({})),
    );
    assert_refused(&answer, 404, "session-lost", &json!(3));
    proxy.stop();

    let elsewhere = scripted(&["beta"]);
    let proxy = sealed(&urls(&elsewhere), &key);
    let answer = post_json(
        proxy.address(),
        "/mcp",
        &[&header],
        &rpc(3, "ping", &json!({})),
    );
    assert_refused(&answer, 404, "session-lost", &json!(3));
    proxy.stop();
}

/// Connections in turn to whichever replicas there are: what stands in front of them where they run.
struct Balancer {
    address: SocketAddr,
    replicas: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    fn start(replicas: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let replicas = Arc::new(Mutex::new(replicas));
        let known = Arc::clone(&replicas);
        std::thread::spawn(move || {
            let turn = AtomicUsize::new(0);
            for client in listener.incoming().flatten() {
                let known = known.lock().expect("no panic").clone();
                let at = turn.fetch_add(1, Ordering::Relaxed);
                let Ok(server) = TcpStream::connect(known[at % known.len()]) else {
                    continue;
                };
                for (mut from, mut to) in
                    [(&client, &server), (&server, &client)].map(|(from, to)| {
                        (
                            from.try_clone().expect("a copy"),
                            to.try_clone().expect("a copy"),
                        )
                    })
                {
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
            }
        });
        Self { address, replicas }
    }
}

fn real_clients_outlive_a_restart(sdk: Sdk) {
    let scratch = Scratch::new();
    let key = key_file(&scratch, "key", &KEYS[..1]);
    let servers = replicas(Kind::PythonSdk);
    let urls: Vec<_> = servers.iter().map(Server::url).collect();
    let [one, two] = [0, 1].map(|_| sealed(&urls, &key));
    let balancer = Balancer::start(vec![one.address(), two.address()]);
    let clients: Vec<_> = (0..2)
        .map(|_| Steady::start(sdk, &format!("http://{}/mcp", balancer.address)))
        .collect();
    let again = sealed(&urls, &key);
    *balancer.replicas.lock().expect("no panic") = vec![again.address()];
    let carried = one.stop() + &two.stop();
    assert!(carried.contains("whoami"));
    for client in clients {
        client.more_calls(5);
        let instances = client.instances();
        assert!(
            instances.iter().all(|name| *name == instances[0]),
            "{instances:?}"
        );
        // A call that a restart met in the air is its client's to judge; the session is what has to last.
        assert!(client.failures().len() <= 2, "{:?}", client.failures());
        client.end();
    }
    let mut initialized = again.access_log();
    initialized.retain(|line| line["rpc_method"] == "initialize");
    assert_eq!(
        initialized,
        [] as [serde_json::Value; 0],
        "nobody had to begin anew"
    );
    again.stop();
}

#[test]
fn the_python_sdk_outlives_a_restart() {
    real_clients_outlive_a_restart(Sdk::Python);
}

#[test]
fn the_typescript_sdk_outlives_a_restart() {
    real_clients_outlive_a_restart(Sdk::TypeScript);
}
