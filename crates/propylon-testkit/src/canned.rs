//! The smallest MCP server a script can be: sessions, one echoing tool, an event stream, a stateless call.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::upstream::{Answer, EventFeed, Exchange};

/// How many sessions all scripts of this process have minted: no id comes twice.
static MINTED: AtomicU32 = AtomicU32::new(0);

/// A JSON-RPC request.
pub fn rpc(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })
}

/// The `initialize` request of the last legacy revision.
pub fn initialize(id: impl Into<Value>) -> Value {
    let client = json!({ "name": "raw", "version": "1" });
    let params =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    rpc(id, "initialize", &params)
}

/// What an [`mcp_script`] knows; clones share it.
#[derive(Clone)]
pub struct McpScript {
    /// The server's name: it begins every session id and is the text of every tool result.
    pub name: String,
    /// The sessions now alive.
    pub sessions: Arc<Mutex<BTreeSet<String>>>,
    /// What every GET stream opened from now on sends; one feed serves one stream.
    pub feed: EventFeed,
}

impl McpScript {
    /// Answers one request.
    pub fn answer(&self, exchange: &Exchange) -> Answer {
        let message = exchange.json();
        let id = &message["id"];
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if message["method"] == "initialize" {
            let number = MINTED.fetch_add(1, Ordering::Relaxed);
            let session = format!("{}-session-{number}", self.name);
            sessions.insert(session.clone());
            let info = json!({ "name": self.name, "version": "1" });
            let result =
                json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": info });
            let body = json!({ "jsonrpc": "2.0", "id": id, "result": result });
            let header = format!("Mcp-Session-Id: {session}");
            return Answer::sized(
                200,
                &["Content-Type: application/json", &header],
                body.to_string(),
            );
        }
        if let Some(session) = exchange.header("mcp-session-id") {
            if !sessions.contains(session) {
                let error = json!({ "code": -32001, "message": format!("{} has no such session", self.name) });
                return Answer::json(404, &json!({ "jsonrpc": "2.0", "id": id, "error": error }));
            }
            if exchange.method() == "DELETE" {
                sessions.remove(session);
                return Answer::sized(200, &[], "");
            }
        }
        if exchange.method() == "GET" {
            return Answer::stream(&self.feed, &[]);
        }
        if id.is_null() {
            return Answer::sized(202, &[], "");
        }
        Answer::result(
            id,
            &json!({ "content": [{ "type": "text", "text": self.name }] }),
        )
    }
}

/// A fresh script named `name`; pass `move |exchange| script.answer(exchange)` to
/// [`Upstream::start`](crate::Upstream::start).
pub fn mcp_script(name: &str) -> McpScript {
    McpScript {
        name: name.to_owned(),
        sessions: Arc::default(),
        feed: EventFeed::new(),
    }
}
