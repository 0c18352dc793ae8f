//! The probe over HTTP/2 by prior knowledge, asked by a client that is not the checker's own.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest, handshake};
use h2::{Reason, RecvStream};
use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::stand::{SOON, Stand, TOKEN};

/// One connection, on a runtime of its own.
struct Client {
    runtime: tokio::runtime::Runtime,
    sender: SendRequest<Bytes>,
    /// Ends when the connection does.
    driver: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    fn connect(stand: &Stand) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let stream = std::net::TcpStream::connect(stand.address()).unwrap();
        stream.set_nonblocking(true).unwrap();
        let (sender, driver) = runtime.block_on(async {
            let stream = TcpStream::from_std(stream).unwrap();
            let (sender, connection) = handshake(stream).await.unwrap();
            (sender, tokio::spawn(connection))
        });
        Self {
            runtime,
            sender,
            driver,
        }
    }

    /// Sends a modern call, with a length or without.
    fn send(&mut self, tool: &str, mut arguments: Value, has_length: bool) -> ResponseFuture {
        if let Some(members) = arguments.as_object_mut() {
            members.insert("token".into(), json!(TOKEN));
        }
        let message = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {
            "name": tool,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "propylon-test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
                "progressToken": "p",
            },
        }});
        let body = Bytes::from(message.to_string());
        let mut request = Request::post("http://probe.example:81/any/mcp?q=1")
            .header("x-second", "2")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool)
            .header("x-first", "1");
        if has_length {
            request = request.header("content-length", body.len());
        }
        let request = request.body(()).unwrap();
        let sender = self.sender.clone();
        let mut sender = self.runtime.block_on(sender.ready()).unwrap();
        let (answer, mut out) = sender.send_request(request, false).unwrap();
        out.send_data(body, true).unwrap();
        answer
    }

    /// The structured result of a call.
    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.send(tool, arguments, true);
        let (status, body, ending) = self.read(answer);
        assert!(status == 200 && ending.is_ok(), "{status} {ending:?}");
        let text = String::from_utf8(body).unwrap();
        let text = match text.rsplit_once("data: ") {
            Some((_, data)) => data,
            None => &text,
        };
        let message: Value = serde_json::from_str(text).unwrap();
        message["result"]["structuredContent"].clone()
    }

    /// Status, body, and how the stream ended.
    fn read(&self, answer: ResponseFuture) -> (u16, Vec<u8>, Result<(), h2::Error>) {
        let reading = async {
            let (head, body) = answer.await.unwrap().into_parts();
            let (body, ending) = drain(body).await;
            (head.status.as_u16(), body, ending)
        };
        self.runtime
            .block_on(async { timeout(SOON, reading).await })
            .unwrap()
    }

    /// Waits for the end of the connection.
    fn ended(mut self) -> Result<(), h2::Error> {
        let driver = &mut self.driver;
        let ended = self.runtime.block_on(async { timeout(SOON, driver).await });
        ended.expect("the connection ends").unwrap()
    }
}

async fn drain(mut body: RecvStream) -> (Vec<u8>, Result<(), h2::Error>) {
    let mut bytes = Vec::new();
    while let Some(piece) = body.data().await {
        match piece {
            Ok(piece) => {
                bytes.extend_from_slice(&piece);
                body.flow_control().release_capacity(piece.len()).unwrap();
            }
            Err(error) => return (bytes, Err(error)),
        }
    }
    (bytes, Ok(()))
}

#[test]
fn a_request_is_echoed_as_its_header_block_gave_it() {
    let stand = Stand::new(1);
    let mut client = Client::connect(&stand);
    let echo = client.call("echo_request", json!({}));
    let request = &echo["request"];
    assert_eq!(request["version"], "2");
    assert_eq!(request["target"], "/any/mcp?q=1");
    let lines: Vec<&str> = request["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let expected = [
        ":method: POST",
        ":scheme: http",
        ":authority: probe.example:81",
        ":path: /any/mcp?q=1",
        "x-second: 2",
        "content-type: application/json",
    ];
    assert_eq!(lines[..expected.len()], expected);
    assert_eq!(request["headers"][0], json!(["host", "probe.example:81"]));
    assert_eq!(echo["body"]["framing"], "content-length");
    assert_eq!(echo["connection"]["request"], 1);
    let answer = client.send("echo_request", json!({}), false);
    let (_, body, _) = client.read(answer);
    let message: Value = serde_json::from_slice(&body).unwrap();
    let second = &message["result"]["structuredContent"];
    assert_eq!(second["body"]["framing"], "frames");
    assert_eq!(second["connection"]["request"], 2);
    assert_eq!(second["connection"]["id"], echo["connection"]["id"]);
}

#[test]
fn streams_run_side_by_side_and_carry_bodies_larger_than_a_window() {
    let stand = Stand::new(1);
    let mut client = Client::connect(&stand);
    let slow = client.send("sleep", json!({"seconds": 1, "as": "sse"}), true);
    let quick = client.call("whoami", json!({}));
    let large = client.send("large", json!({"bytes": 3_000_000, "as": "json"}), true);
    let (status, body, ending) = client.read(large);
    assert!(status == 200 && ending.is_ok(), "{status} {ending:?}");
    assert!(body.len() > 3_000_000);
    let (_, body, ending) = client.read(slow);
    assert!(ending.is_ok(), "{ending:?}");
    let text = String::from_utf8(body).unwrap();
    let (_, data) = text.rsplit_once("data: ").unwrap();
    let slow: Value = serde_json::from_str(data).unwrap();
    let answered = |result: &Value| result["answered"]["at_ns"].as_u64().unwrap();
    assert!(answered(&quick) < answered(&slow["result"]["structuredContent"]));
}

#[test]
fn a_reset_stream_is_a_cancelled_call_and_the_connection_lives() {
    let stand = Stand::new(1);
    let mut client = Client::connect(&stand);
    for (key, as_) in [("before-head", "json"), ("streaming", "sse")] {
        let arguments = json!({"seconds": 60, "as": as_, "key": key});
        let answer = client.send("sleep", arguments, true);
        if as_ == "sse" {
            let head = client
                .runtime
                .block_on(async { timeout(SOON, answer).await });
            drop(head.unwrap().unwrap());
        } else {
            std::thread::sleep(Duration::from_millis(300));
            drop(answer);
        }
        let seen = client.call("disconnects", json!({"key": key, "wait_ms": 10_000}));
        let exchange = &seen["exchanges"][0];
        assert_eq!(exchange["outcome"], "cancelled", "{seen}");
        assert_eq!(exchange["disconnect"]["how"], "rst");
        assert_eq!(exchange["disconnect"]["phase"], key);
    }
}

#[test]
fn a_cut_resets_the_stream_or_ends_the_connection() {
    let stand = Stand::new(1);
    let mut client = Client::connect(&stand);
    for when in ["after-head", "mid-event", "mid-body", "after-events"] {
        let answer = client.send("cut", json!({"when": when, "how": "rst"}), true);
        let (status, _, ending) = client.read(answer);
        assert_eq!(status, 200, "{when}");
        let error = ending.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR), "{when}");
    }
    client.call("whoami", json!({}));
    let beside = client.send("sleep", json!({"seconds": 60, "as": "sse"}), true);
    let answer = client.send("cut", json!({"when": "mid-event", "how": "fin"}), true);
    assert!(client.read(answer).2.is_err());
    assert!(client.read(beside).2.is_err(), "every stream ends with it");
    let _ = client.ended();
}

#[test]
fn an_idle_connection_is_said_goodbye_to() {
    let stand = Stand::with(1, |options| options.keep_alive = Duration::from_millis(400));
    let mut client = Client::connect(&stand);
    let first = client.call("whoami", json!({}));
    assert_eq!(first["instance"], "probe-1");
    // A stream keeps it open for longer than it may be idle.
    client.call("sleep", json!({"seconds": 1}));
    client.call("whoami", json!({}));
    assert_eq!(client.ended().map_err(|error| error.to_string()), Ok(()));
}

#[test]
fn an_instance_that_seems_dead_takes_its_connections_with_it() {
    let stand = Stand::new(1);
    let mut client = Client::connect(&stand);
    let arguments = json!({"seconds": 2, "delay_ms": 100, "how": "reset"});
    client.call("pretend_dead", arguments);
    assert!(client.ended().is_err());
}

#[test]
fn a_stream_past_the_limit_waits() {
    let stand = Stand::limited(|limits| limits.streams_per_connection_max = 2);
    let mut client = Client::connect(&stand);
    client.call("whoami", json!({}));
    let held: Vec<_> = (0..2)
        .map(|_| client.send("sleep", json!({"seconds": 1}), true))
        .collect();
    let late = client.call("whoami", json!({}));
    let received = late["received"]["at_ns"].as_u64().unwrap();
    for answer in held {
        let (_, body, _) = client.read(answer);
        let message: Value = serde_json::from_slice(&body).unwrap();
        let began = message["result"]["structuredContent"]["received"]["at_ns"].as_u64();
        assert!(received > began.unwrap() + 900_000_000);
    }
}
