//! A client that leaves: in the modern era that ends its call, in the legacy era it does not, and the rest can be fetched.

use std::time::Duration;

use propylon_testkit::{
    Events, Propylon, RawClient, Response, eventually, get_sse, initialize, post_json, rpc,
};
use serde_json::{Value, json};

use crate::front::serve;
use crate::real::servers::{Kind, Server, replicas};

const SOON: Duration = Duration::from_secs(20);
const LEGACY: &str = "MCP-Protocol-Version: 2025-11-25";

/// A call whose answer has begun.
fn begin(proxy: &Propylon, lines: &[&str], message: &Value) -> (Response, Events) {
    let mut client = RawClient::connect(proxy.address());
    client.post(proxy.address(), "/mcp", lines, message);
    let response = client.read_head().expect("the answer begins");
    assert_eq!(response.status, 200, "{}", response.head);
    let events = client.events(&response);
    (response, events)
}

fn answer_of(body: &propylon_testkit::Body) -> Value {
    let text = body.text();
    let data = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("data: "));
    serde_json::from_str(data.unwrap_or(&text)).unwrap_or_default()
}

fn modern(id: u32, tool: &str, arguments: &Value) -> ([String; 3], Value) {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "raw", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": id,
    });
    let message = rpc(
        id,
        "tools/call",
        &json!({ "name": tool, "arguments": arguments, "_meta": meta }),
    );
    let lines = [
        "MCP-Protocol-Version: 2026-07-28".to_owned(),
        "Mcp-Method: tools/call".to_owned(),
        format!("Mcp-Name: {tool}"),
    ];
    (lines, message)
}

fn outcome_modern(proxy: &Propylon, key: &str) -> String {
    let (lines, message) = modern(99, "outcome", &json!({ "key": key }));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let (_, body) = post_json(proxy.address(), "/mcp", &lines, &message);
    let text = &answer_of(&body)["result"]["content"][0]["text"];
    text.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_modern_client_that_leaves_cancels_its_call_at_the_server() {
    let server = Server::start(Kind::PythonSdk, "alpha");
    let proxy = serve(&[server.url()]);
    let (lines, message) = modern(1, "watched", &json!({ "key": "m", "steps": 600 }));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let (_, mut events) = begin(&proxy, &lines, &message);
    events.next(SOON).expect("the call reports");
    assert_eq!(outcome_modern(&proxy, "m"), "running");
    drop(events);
    // It would run for a minute.
    eventually("the server to cancel the call", SOON, || {
        outcome_modern(&proxy, "m") == "cancelled"
    });
    proxy.stop();
}

/// A legacy session's header lines.
fn open_session(proxy: &Propylon) -> [String; 2] {
    let (response, _) = post_json(proxy.address(), "/mcp", &[], &initialize(1));
    let session = response.header("mcp-session-id").expect("a session begins");
    let lines = [LEGACY.to_owned(), format!("Mcp-Session-Id: {session}")];
    let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let (response, _) = post_json(proxy.address(), "/mcp", &[&lines[0], &lines[1]], &told);
    assert_eq!(response.status, 202);
    lines
}

/// The event with this request's answer, among those a resumed stream brings within `limit`.
fn resumed(proxy: &Propylon, lines: &[&str], after: &str, limit: Duration) -> Option<Value> {
    let last = format!("Last-Event-ID: {after}");
    let lines = [lines, &[last.as_str()]].concat();
    let (response, mut events) = get_sse(proxy.address(), "/mcp", &lines);
    assert_eq!(response.status, 200, "{}", response.head);
    while let Ok(event) = events.next(limit) {
        if event.json()["id"] == 5 {
            return Some(event.json());
        }
    }
    None
}

#[test]
fn a_legacy_client_that_leaves_can_fetch_the_rest_from_the_instance_that_has_it() {
    for (kind, tool, arguments) in [
        (
            Kind::PythonSdk,
            "watched",
            json!({ "key": "l", "steps": 15 }),
        ),
        (
            Kind::Everything,
            "trigger-long-running-operation",
            json!({ "duration": 1.5, "steps": 3 }),
        ),
    ] {
        let servers = replicas(kind);
        let urls: Vec<_> = servers.iter().map(Server::url).collect();
        let proxy = serve(&urls);
        // One session an instance, so that two of three would be missed by chance.
        for _ in 0..3 {
            let lines = open_session(&proxy);
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            let params =
                json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": 5 } });
            let (_, mut events) = begin(&proxy, &lines, &rpc(5, "tools/call", &params));
            let first = events.next(SOON).expect("the stream begins");
            let after = first.id().expect("an event to resume after").to_owned();
            drop(events);
            let mut answer = None;
            eventually("the rest of the call", SOON, || {
                answer = resumed(&proxy, &lines, &after, Duration::from_millis(700));
                answer.is_some()
            });
            let answer = answer.unwrap_or_default();
            assert!(answer["result"]["content"].is_array(), "{kind:?}: {answer}");
            assert_ne!(
                answer["result"]["isError"],
                json!(true),
                "{kind:?}: {answer}"
            );
        }
        proxy.stop();
    }
}
