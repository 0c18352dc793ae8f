//! An MCP client's view of the endpoint: it initializes, calls tools in a session, and calls without one.

use std::net::SocketAddr;

use propylon_mcp::{Revision, SessionId, headers};
use serde_json::{Value, json};

use super::client::{Answer, Arrival, ClientError, post};

/// The revision the walk's sessions speak.
pub(super) const LEGACY: Revision = Revision::V2025_11_25;
/// The revision without sessions.
pub(super) const MODERN: Revision = Revision::V2026_07_28;

/// A session, as its client knows it.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// The secret part; never printed.
    pub(super) id: String,
    /// What logs show of it.
    pub(super) fingerprint: String,
    /// The instance that said hello.
    pub(super) home: String,
}

/// Talks to one endpoint.
pub(super) struct Caller {
    to: SocketAddr,
    last_id: u64,
}

impl Caller {
    pub(super) fn new(to: SocketAddr) -> Self {
        Self { to, last_id: 0 }
    }

    /// The id of the last request.
    pub(super) fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Initializes, and says that it has.
    pub(super) async fn initialize(&mut self) -> Result<(Session, Answer), ClientError> {
        let params = json!({
            "protocolVersion": LEGACY.as_str(),
            "capabilities": {},
            "clientInfo": about(),
        });
        let body = self.request("initialize", &params);
        let answer = post(self.to, &[], &body, &mut |_, _| {}).await?;
        let session = session_of(&answer)?;
        let done = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        post(self.to, &in_session(&session), &done, &mut |_, _| {}).await?;
        Ok((session, answer))
    }

    /// Calls a tool in a session.
    pub(super) async fn call(
        &mut self,
        session: &Session,
        tool: &str,
    ) -> Result<Answer, ClientError> {
        let params = json!({ "name": tool, "arguments": {} });
        let body = self.request("tools/call", &params);
        post(self.to, &in_session(session), &body, &mut |_, _| {}).await
    }

    /// Calls a tool in a session and asks for progress; `arrived` is told of each message.
    pub(super) async fn watch(
        &mut self,
        session: &Session,
        tool: &str,
        arguments: Value,
        arrived: &mut impl FnMut(&Answer, &Arrival),
    ) -> Result<Answer, ClientError> {
        let params =
            json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": "walk" } });
        let body = self.request("tools/call", &params);
        post(self.to, &in_session(session), &body, arrived).await
    }

    /// Calls a tool without any session, with exactly these headers.
    pub(super) async fn call_modern(
        &mut self,
        headers: &[(&'static str, String)],
        tool: &str,
    ) -> Result<Answer, ClientError> {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN.as_str(),
            "io.modelcontextprotocol/clientInfo": about(),
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({ "name": tool, "arguments": {}, "_meta": meta });
        let body = self.request("tools/call", &params);
        post(self.to, headers, &body, &mut |_, _| {}).await
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params })
    }
}

/// The headers of a call of this era: its method and tool mirrored from the body.
pub(super) fn modern_headers(tool: &str) -> [(&'static str, String); 3] {
    [
        ("MCP-Protocol-Version", MODERN.as_str().to_owned()),
        ("Mcp-Method", "tools/call".to_owned()),
        ("Mcp-Name", tool.to_owned()),
    ]
}

/// What a tool said.
pub(super) fn text_of(answer: &Answer) -> Option<&str> {
    answer
        .response()?
        .pointer("/result/content/0/text")?
        .as_str()
}

fn about() -> Value {
    json!({ "name": "propylon-demo", "version": env!("CARGO_PKG_VERSION") })
}

fn in_session(session: &Session) -> [(&'static str, String); 2] {
    [
        ("Mcp-Session-Id", session.id.clone()),
        ("MCP-Protocol-Version", LEGACY.as_str().to_owned()),
    ]
}

fn session_of(answer: &Answer) -> Result<Session, ClientError> {
    let id = answer
        .header(headers::SESSION_ID)
        .ok_or(ClientError::Lacks("an Mcp-Session-Id"))?;
    let parsed =
        SessionId::parse(id.as_bytes()).ok_or(ClientError::Lacks("a valid Mcp-Session-Id"))?;
    let home = answer
        .response()
        .and_then(|message| message.pointer("/result/serverInfo/title"));
    let home = home
        .and_then(Value::as_str)
        .ok_or(ClientError::Lacks("its server's name"))?;
    Ok(Session {
        id: id.to_owned(),
        fingerprint: parsed.fingerprint().to_string(),
        home: home.to_owned(),
    })
}
