//! A running probe and the two kinds of client that talk to it.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use propylon_check::probe::{Probe, ProbeLimits, ProbeOptions, ProbeToken, run};
use propylon_testkit::{Body, Events, RawClient, Response, post_json};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// The token of every stand.
pub(crate) const TOKEN: &str = "swordfish";
/// How long a test waits for what should come at once.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A probe on a thread and a runtime of its own.
pub(crate) struct Stand {
    pub(crate) addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Stand {
    pub(crate) fn new(instances: usize) -> Self {
        Self::with(instances, |_| {})
    }

    pub(crate) fn with(instances: usize, change: impl FnOnce(&mut ProbeOptions)) -> Self {
        let mut options = ProbeOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        options.instances = instances;
        options.token = ProbeToken::new(TOKEN);
        change(&mut options);
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let shutdown = async { drop(stopped.await) };
            let started = |probe: &Probe| tell.send(probe.addresses().to_vec()).unwrap();
            runtime.block_on(run(options, started, shutdown)).unwrap();
        });
        let addresses = told.recv_timeout(SOON).unwrap();
        Self {
            addresses,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn limited(change: impl FnOnce(&mut ProbeLimits)) -> Self {
        Self::with(1, |options| change(&mut options.limits))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// A session of the first instance.
    pub(crate) fn session(&self, revision: &str) -> Session {
        Session::open(self.address(), revision)
    }

    pub(crate) fn modern(&self) -> Modern {
        Modern {
            address: self.address(),
            extensions: json!({}),
        }
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

/// A legacy client with its session.
pub(crate) struct Session {
    pub(crate) address: SocketAddr,
    pub(crate) id: String,
    pub(crate) revision: String,
}

impl Session {
    pub(crate) fn open(address: SocketAddr, revision: &str) -> Self {
        let (response, body) = post_json(
            address,
            "/mcp",
            &[],
            &initialize(revision, "propylon-check"),
        );
        assert_eq!(response.status, 200, "{}", body.text());
        let id = response.header("mcp-session-id").unwrap().to_owned();
        Self {
            address,
            id,
            revision: body.json()["result"]["protocolVersion"]
                .as_str()
                .unwrap()
                .to_owned(),
        }
    }

    pub(crate) fn headers(&self) -> [String; 2] {
        [
            format!("Mcp-Session-Id: {}", self.id),
            format!("MCP-Protocol-Version: {}", self.revision),
        ]
    }

    pub(crate) fn post(&self, message: &Value) -> (Response, Body) {
        let headers = self.headers();
        post_json(self.address, "/mcp", &[&headers[0], &headers[1]], message)
    }

    /// The structured content of a tool's JSON result.
    pub(crate) fn call(&self, tool: &str, arguments: Value) -> Value {
        let (response, body) = self.post(&call(tool, arguments, json!({})));
        assert_eq!(response.status, 200, "{}", body.text());
        report(&body.json())
    }

    /// A tool's JSON-RPC error.
    pub(crate) fn refused(&self, tool: &str, arguments: Value) -> Value {
        let (response, body) = self.post(&call(tool, arguments, json!({})));
        assert_eq!(response.status, 200, "{}", body.text());
        body.json()["error"].clone()
    }

    /// A tool's event stream.
    pub(crate) fn stream(&self, tool: &str, arguments: Value) -> (Response, Events) {
        let mut client = self.send(tool, arguments);
        let response = client.read_head().unwrap();
        let events = client.events(&response);
        (response, events)
    }

    /// Sends a call and leaves reading to the caller.
    pub(crate) fn send(&self, tool: &str, arguments: Value) -> RawClient {
        let headers = self.headers();
        let mut client = RawClient::connect(self.address);
        client.post(
            self.address,
            "/mcp",
            &[&headers[0], &headers[1]],
            &call(tool, arguments, json!({})),
        );
        client
    }
}

/// A modern client.
pub(crate) struct Modern {
    pub(crate) address: SocketAddr,
    pub(crate) extensions: Value,
}

impl Modern {
    pub(crate) fn with_tasks(self) -> Self {
        Self {
            extensions: json!({"io.modelcontextprotocol/tasks": {}}),
            ..self
        }
    }

    /// A request with everything it must carry.
    pub(crate) fn request(&self, method: &str, mut params: Value) -> Value {
        let meta = params["_meta"].take();
        let mut whole = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "propylon-check", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {"extensions": self.extensions},
        });
        for (name, value) in meta.as_object().into_iter().flatten() {
            whole[name] = value.clone();
        }
        params["_meta"] = whole;
        json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    }

    /// Sends a request with its mirrored headers and leaves reading to the caller.
    pub(crate) fn send(&self, method: &str, params: Value, more: &[&str]) -> RawClient {
        let name = ["name", "uri", "taskId"]
            .iter()
            .find_map(|name| params[name].as_str().map(str::to_owned));
        let mut headers = vec![
            "MCP-Protocol-Version: 2026-07-28".to_owned(),
            format!("Mcp-Method: {method}"),
        ];
        headers.extend(name.map(|name| format!("Mcp-Name: {name}")));
        headers.extend(more.iter().map(ToString::to_string));
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let mut client = RawClient::connect(self.address);
        client.post(
            self.address,
            "/deep/path/mcp",
            &headers,
            &self.request(method, params),
        );
        client
    }

    pub(crate) fn ask(&self, method: &str, params: Value) -> (Response, Body) {
        self.send(method, params, &[]).read()
    }

    pub(crate) fn call(&self, tool: &str, arguments: Value) -> Value {
        let (response, body) =
            self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        assert_eq!(response.status, 200, "{}", body.text());
        report(&body.json())
    }

    /// A tool's event stream, with a progress token.
    pub(crate) fn stream(&self, tool: &str, arguments: Value) -> (Response, Events) {
        let params = json!({"name": tool, "arguments": arguments, "_meta": {"progressToken": "p"}});
        let mut client = self.send("tools/call", params, &[]);
        let response = client.read_head().unwrap();
        let events = client.events(&response);
        (response, events)
    }
}

pub(crate) fn initialize(revision: &str, client: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": client, "version": "1"},
    }})
}

pub(crate) fn call(tool: &str, arguments: Value, meta: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": tool, "arguments": arguments, "_meta": meta}})
}

/// The structured content of a result, which its text must repeat.
pub(crate) fn report(message: &Value) -> Value {
    let report = message["result"]["structuredContent"].clone();
    assert!(report.is_object(), "no report in {message}");
    let text = message["result"]["content"][0]["text"].as_str().unwrap();
    if let Ok(parsed) = serde_json::from_str::<Value>(text) {
        assert_eq!(parsed, report);
    }
    report
}

/// The arguments with the token.
pub(crate) fn with_token(mut arguments: Value) -> Value {
    arguments["token"] = json!(TOKEN);
    arguments
}
