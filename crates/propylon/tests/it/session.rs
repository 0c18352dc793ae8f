//! One client's session, as tests see it that ask where requests go.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use propylon_testkit::{
    Body, Events, Propylon, Response, eventually, get_sse, initialize, post_json, post_modern, rpc,
};
use serde_json::{Value, json};

use crate::front::get;

/// A session at a scripted server, opened through the proxy.
pub(crate) struct Session {
    address: SocketAddr,
    id: String,
    /// The name of the server that minted it.
    pub(crate) owner: String,
}

impl Session {
    /// Opens one.
    ///
    /// # Panics
    /// When the answer is not 200 with a session.
    pub(crate) fn open(proxy: &Propylon) -> Self {
        let address = proxy.address();
        let (response, body) = post_json(address, "/mcp", &[], &initialize(0));
        assert_eq!(response.status, 200, "{}{}", response.head, body.text());
        let id = response.header("mcp-session-id").expect("a session");
        let owner = body.json()["result"]["serverInfo"]["name"].clone();
        Self {
            address,
            id: id.to_owned(),
            owner: owner.as_str().expect("the server is named").to_owned(),
        }
    }

    /// The names of the servers that `count` new sessions were opened at.
    pub(crate) fn owners(proxy: &Propylon, count: usize) -> BTreeSet<String> {
        (0..count).map(|_| Self::open(proxy).owner).collect()
    }

    /// One that `owner` minted, among the first thirty opened.
    ///
    /// # Panics
    /// When none of them is.
    pub(crate) fn of(proxy: &Propylon, owner: &str) -> Self {
        let mut opened = (0..30).map(|_| Self::open(proxy));
        opened
            .find(|session| session.owner == owner)
            .unwrap_or_else(|| panic!("of thirty new sessions none went to {owner}"))
    }

    /// Calls a tool, with `id` as the request's.
    pub(crate) fn call(&self, id: u32, tool: &str) -> (Response, Body) {
        post_json(
            self.address,
            "/mcp",
            &[&self.header()],
            &tool_call(id, tool),
        )
    }

    /// The name of the server that answers a call.
    ///
    /// # Panics
    /// When the answer is not 200.
    pub(crate) fn answered_by(&self) -> String {
        answerer(&self.call(1, "whoami"))
    }

    /// Opens the session's event stream.
    pub(crate) fn stream(&self) -> (Response, Events) {
        get_sse(self.address, "/mcp", &[&self.header()])
    }

    fn header(&self) -> String {
        format!("Mcp-Session-Id: {}", self.id)
    }
}

/// A call of a tool.
pub(crate) fn tool_call(id: u32, tool: &str) -> Value {
    rpc(id, "tools/call", &json!({ "name": tool, "arguments": {} }))
}

/// A call of the stateless revision: any instance may answer it.
pub(crate) fn stateless_call(proxy: &Propylon, id: u32, tool: &str) -> (Response, Body) {
    post_modern(proxy.address(), "/mcp", &tool_call(id, tool))
}

/// The name of the scripted server that an answer came from.
///
/// # Panics
/// When the answer is not 200.
pub(crate) fn answerer((response, body): &(Response, Body)) -> String {
    assert_eq!(response.status, 200, "{}{}", response.head, body.text());
    let name = &body.json()["result"]["content"][0]["text"];
    name.as_str().expect("a text").to_owned()
}

/// The instances that the metrics know, each with whether new sessions may go to it.
pub(crate) fn instances(proxy: &Propylon) -> Vec<(String, bool)> {
    // It listens a moment after the proxy does.
    eventually("the admin listener", Duration::from_secs(5), || {
        TcpStream::connect(proxy.admin()).is_ok()
    });
    let (_, body) = get(proxy.admin(), "/metrics");
    let text = body.text();
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("propylon_instance_available{"));
    let instance = |line: &str| {
        let (_, rest) = line.split_once("instance=\"")?;
        let (name, rest) = rest.split_once('"')?;
        Some((name.to_owned(), rest.ends_with(" 1")))
    };
    lines.filter_map(instance).collect()
}
