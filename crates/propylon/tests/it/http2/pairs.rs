//! Every pairing of versions: a call, a stream, and a cancellation that reaches the server, between Node and Node.

use std::time::Duration;

use propylon_testkit::{Guarded, Propylon, RawClient, eventually};
use serde_json::{Value, json};

use super::serve;
use crate::real::scripts::{Steps, node};
use crate::real::servers::{peers, script};

const SOON: Duration = Duration::from_secs(20);

/// The Node server, with its port for either version.
struct Server {
    _process: Guarded,
    ports: Value,
}

impl Server {
    fn start() -> Self {
        let mut command = peers().command("node");
        command.arg(script("http2_server.mjs"));
        let process = Guarded::start(command);
        let mut ports = Value::Null;
        eventually("the Node server to listen", SOON, || {
            let said = process.stdout().text();
            ports = said
                .lines()
                .next()
                .and_then(|line| serde_json::from_str(line).ok())
                .unwrap_or_default();
            ports["two"].is_u64()
        });
        Self {
            _process: process,
            ports,
        }
    }

    fn proxy(&self, version: &str) -> Propylon {
        let url = format!("http://127.0.0.1:{}/mcp", self.ports[version]);
        match version {
            "two" => serve(
                &url,
                &["http2: true", "health: { path: /health, interval: 1s }"],
                &[],
            ),
            _ => serve(&url, &[], &[]),
        }
    }
}

/// What the server has seen.
fn seen(proxy: &Propylon) -> Value {
    let (response, body) = crate::front::get(proxy.address(), "/mcp/seen");
    assert_eq!(response.status, 200, "{}", body.text());
    body.json()
}

/// The same walk over HTTP/1.1: a call, then a stream that is left.
fn walk_http1(proxy: &Propylon) -> String {
    let mut client = RawClient::connect(proxy.address());
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    client.post(proxy.address(), "/mcp", &[], &call);
    let (response, body) = client.read();
    assert_eq!(response.status, 200);
    let watched = json!({ "jsonrpc": "2.0", "id": 2, "method": "watched" });
    client.post(proxy.address(), "/mcp", &[], &watched);
    let head = client.read_head().expect("the answer begins");
    let mut events = client.events(&head);
    for number in 0..3 {
        let event = events.next(SOON).expect("an event");
        assert_eq!(event.json()["n"], number);
    }
    body.json()["result"]["version"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn walk_http2(proxy: &Propylon) -> String {
    let steps: Steps = node("http2_client.mjs", &[&proxy.url("")]);
    assert_eq!(steps.at("call")["status"], 200);
    assert!(steps.at("cancelled")["events"].as_u64() >= Some(3));
    assert_eq!(steps.at("again")["good"], 20);
    let version = &steps.at("call")["result"]["version"];
    version.as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_pairing_calls_streams_and_cancels() {
    let server = Server::start();
    let mut cancelled = 0;
    for (upstream, spoken) in [("one", "1.1"), ("two", "2.0")] {
        let proxy = server.proxy(upstream);
        for walk in [walk_http1, walk_http2] {
            assert_eq!(
                walk(&proxy),
                spoken,
                "the server was spoken to in its own version"
            );
            cancelled += 1;
            eventually("the server to hear of the cancellation", SOON, || {
                seen(&proxy)["cancelled"] == cancelled
            });
        }
        if upstream == "two" {
            let reused = |line: &Value| line["rpc_method"] == "ping" && line["reused"] == true;
            eventually("twenty calls on a connection that was there", SOON, || {
                let lines = proxy.access_log();
                lines.iter().filter(|line| reused(line)).count() >= 20
            });
        }
        proxy.stop();
    }
}
