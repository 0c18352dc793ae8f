//! The two ways to ask the same thing: stateless with mirrored headers, or within a session.

use serde_json::{Map, Value, json};

use super::session::Session;
use crate::lab::Lab;
use crate::wire::Request;

/// The modern revision.
pub(crate) const MODERN: &str = "2026-07-28";
/// The newest legacy revision.
pub(crate) const LEGACY: &str = "2025-11-25";

/// How a request is spoken.
#[derive(Clone, Debug)]
pub(crate) enum Voice {
    Modern,
    Legacy(Session),
}

impl Voice {
    /// `modern` or `legacy`, for a person.
    pub(crate) const fn era(&self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Legacy(_) => "legacy",
        }
    }

    /// A request with everything its era asks for. `params._meta` is kept.
    pub(crate) fn request(&self, lab: &Lab, method: &str, params: Value) -> Request {
        match self {
            Self::Modern => modern_request(lab, method, params),
            Self::Legacy(session) => session.request(lab, &message(lab, method, params)),
        }
    }

    /// A call of a tool.
    pub(crate) fn tool(&self, lab: &Lab, tool: &str, arguments: Value) -> Request {
        self.request(
            lab,
            "tools/call",
            json!({"name": tool, "arguments": arguments}),
        )
    }

    /// A call of a tool whose emissions come as progress.
    pub(crate) fn streaming_tool(&self, lab: &Lab, tool: &str, arguments: Value) -> Request {
        let params = json!({"name": tool, "arguments": arguments, "_meta": {"progressToken": "p"}});
        self.request(lab, "tools/call", params)
    }
}

/// A JSON-RPC request with an id of its own.
pub(crate) fn message(lab: &Lab, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": method, "params": params})
}

/// The `_meta` of a modern request.
fn meta(more: Option<&Value>) -> Value {
    let mut members = Map::new();
    members.insert(
        "io.modelcontextprotocol/protocolVersion".into(),
        json!(MODERN),
    );
    let client = json!({"name": "propylon-check", "version": env!("CARGO_PKG_VERSION")});
    members.insert("io.modelcontextprotocol/clientInfo".into(), client);
    let capabilities = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    members.insert(
        "io.modelcontextprotocol/clientCapabilities".into(),
        capabilities,
    );
    for (name, value) in more.and_then(Value::as_object).into_iter().flatten() {
        members.insert(name.clone(), value.clone());
    }
    Value::Object(members)
}

fn modern_request(lab: &Lab, method: &str, mut params: Value) -> Request {
    let name = ["name", "uri", "taskId"]
        .iter()
        .find_map(|name| params.get(name).and_then(Value::as_str).map(str::to_owned));
    if let Some(members) = params.as_object_mut() {
        let whole = meta(members.get("_meta"));
        members.insert("_meta".into(), whole);
    }
    let request = lab
        .post(&message(lab, method, params))
        .with("MCP-Protocol-Version", MODERN)
        .with("Mcp-Method", method);
    match name {
        Some(name) => request.with("Mcp-Name", name),
        None => request,
    }
}

/// The body of `initialize`.
pub(crate) fn initialize_body(lab: &Lab, revision: &str) -> Value {
    let params = json!({
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": "propylon-check", "version": env!("CARGO_PKG_VERSION")},
    });
    message(lab, "initialize", params)
}
