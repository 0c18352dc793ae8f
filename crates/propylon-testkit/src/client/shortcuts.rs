//! Whole MCP requests in one call, each on a connection of its own.

use std::net::SocketAddr;

use super::{Body, Events, RawClient, Response};

/// POSTs a JSON message to `path` with the headers every MCP client sends and `headers` (`Name: value`), and reads the
/// whole answer.
///
/// # Panics
/// When no answer comes.
pub fn post_json(
    address: SocketAddr,
    path: &str,
    headers: &[&str],
    message: &serde_json::Value,
) -> (Response, Body) {
    let mut client = RawClient::connect(address);
    client.send(post_text(address, path, headers, message));
    client.read()
}

/// POSTs a message of revision 2026-07-28 with the headers that mirror it, and reads the whole answer.
///
/// # Panics
/// When no answer comes.
pub fn post_modern(
    address: SocketAddr,
    path: &str,
    message: &serde_json::Value,
) -> (Response, Body) {
    let headers = mirrored(message);
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    post_json(address, path, &headers, message)
}

/// The headers that mirror a message of revision 2026-07-28.
pub fn mirrored(message: &serde_json::Value) -> Vec<String> {
    let mut headers = vec!["MCP-Protocol-Version: 2026-07-28".to_owned()];
    let method = message["method"].as_str();
    headers.extend(method.map(|method| format!("Mcp-Method: {method}")));
    let params = &message["params"];
    let name = ["name", "uri", "taskId"]
        .iter()
        .find_map(|key| params[key].as_str());
    headers.extend(name.map(|name| format!("Mcp-Name: {name}")));
    headers
}

/// Opens a GET event stream at `path` with `headers`.
///
/// # Panics
/// When no answer comes.
pub fn get_sse(address: SocketAddr, path: &str, headers: &[&str]) -> (Response, Events) {
    let mut client = RawClient::connect(address);
    let lines = lines(headers);
    client.send(format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{lines}\r\n"
    ));
    let response = client
        .read_head()
        .unwrap_or_else(|end| panic!("expected a stream's head, got {end:?}"));
    let events = client.events(&response);
    (response, events)
}

/// Sends DELETE for a session.
///
/// # Panics
/// When no answer comes.
pub fn delete(address: SocketAddr, path: &str, session: &str) -> (Response, Body) {
    let mut client = RawClient::connect(address);
    client.send(format!(
        "DELETE {path} HTTP/1.1\r\nHost: {address}\r\nMcp-Session-Id: {session}\r\n\r\n"
    ));
    client.read()
}

impl RawClient {
    /// Sends a POST like [`post_json`] on this connection and leaves reading to the caller.
    pub fn post(
        &mut self,
        address: SocketAddr,
        path: &str,
        headers: &[&str],
        message: &serde_json::Value,
    ) -> &mut Self {
        self.send(post_text(address, path, headers, message))
    }
}

fn post_text(
    address: SocketAddr,
    path: &str,
    headers: &[&str],
    message: &serde_json::Value,
) -> String {
    let body = message.to_string();
    let (lines, length) = (lines(headers), body.len());
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json, text/event-stream\r\n\
         Content-Type: application/json\r\n{lines}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn lines(headers: &[&str]) -> String {
    headers.iter().map(|line| format!("{line}\r\n")).collect()
}
