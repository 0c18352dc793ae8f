//! Sessions that are lost: told in one way, or begun anew on a live instance, once, and with nothing sent twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use propylon_testkit::{
    Answer, Body, Exchange, Gate, McpScript, Propylon, Response, Upstream, delete, eventually,
    get_sse, mcp_script, post_json, rpc,
};
use serde_json::json;

use crate::front::{assert_refused, metric, serve_with};

const SOON: Duration = Duration::from_secs(10);
pub(crate) const VERSION: &str = "MCP-Protocol-Version: 2025-11-25";
const BEARER: &str = "Authorization: Bearer canary-token";
const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
/// With white space, an order and a secret of its own, none of which may be lost or shown.
const INITIALIZE: &str = r#"{ "id":0,"method": "initialize", "jsonrpc":"2.0", "params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"canary-client","version":"1"}} }"#;
const INITIALIZED: &str = r#"{"method":"notifications/initialized","jsonrpc":"2.0"}"#;

/// A server that tells when its tools change, and can be made to misbehave.
pub(crate) struct Server {
    pub(crate) script: McpScript,
    pub(crate) upstream: Upstream,
}

fn server(name: &str, odd: impl Fn(&Exchange) -> Option<Answer> + Send + Sync + 'static) -> Server {
    let script = mcp_script(name);
    let answering = script.clone();
    let upstream = Upstream::start(move |exchange| {
        let own = odd(exchange);
        own.unwrap_or_else(|| match exchange.json()["method"].as_str() {
            Some("initialize") => initialized(&answering, exchange),
            _ => answering.answer(exchange),
        })
    });
    Server { script, upstream }
}

/// The script's answer, with a capability.
fn initialized(script: &McpScript, exchange: &Exchange) -> Answer {
    let id = format!(
        "{}-session-{}",
        script.name,
        MINTED.fetch_add(1, Ordering::Relaxed)
    );
    script.sessions.lock().unwrap().insert(id.clone());
    let result = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": { "tools": { "listChanged": true } },
        "serverInfo": { "name": script.name, "version": "1" },
    });
    let body = json!({ "jsonrpc": "2.0", "id": exchange.json()["id"], "result": result });
    let data = format!(": hello\n\nevent: message\ndata: {body}\n\n");
    let header = format!("Mcp-Session-Id: {id}");
    // As the SDKs' servers do: an event stream that ends with the response.
    Answer::stream_head(&[&header]).chunk(data).last_chunk()
}

static MINTED: AtomicU32 = AtomicU32::new(0);

pub(crate) fn trio() -> [Server; 3] {
    NAMES.map(|name| server(name, |_| None))
}

fn renewing(servers: &[Server], more: &str) -> Propylon {
    let urls: Vec<_> = servers
        .iter()
        .map(|server| server.upstream.url("/mcp"))
        .collect();
    serve_with(
        &urls,
        &[&format!("affinity: {{ on_lost: reinitialize{more} }}")],
        &[],
    )
}

/// A client's session: its id, and the name of the server that began it.
pub(crate) struct Session<'p> {
    proxy: &'p Propylon,
    line: String,
    pub(crate) owner: String,
}

impl<'p> Session<'p> {
    pub(crate) fn open(proxy: &'p Propylon) -> Self {
        let (response, body) = post(proxy, &[BEARER], INITIALIZE);
        assert_eq!(response.status, 200, "{}", body.text());
        let id = response
            .header("mcp-session-id")
            .expect("a session")
            .to_owned();
        let line = format!("Mcp-Session-Id: {id}");
        let owner = id.split('-').next().expect("the server's name").to_owned();
        let session = Self { proxy, line, owner };
        let (response, _) = post(proxy, &[VERSION, BEARER, &session.line], INITIALIZED);
        assert_eq!(response.status, 202);
        session
    }

    pub(crate) fn call(&self, id: u32) -> (Response, Body) {
        let call = rpc(
            id,
            "tools/call",
            &json!({ "name": "echo", "arguments": {} }),
        );
        post(
            self.proxy,
            &[VERSION, BEARER, &self.line],
            &call.to_string(),
        )
    }

    pub(crate) fn answered(&self, id: u32) -> String {
        let (response, body) = self.call(id);
        assert_eq!(response.status, 200, "{}", body.text());
        body.json()["result"]["content"][0]["text"]
            .as_str()
            .expect("a text")
            .to_owned()
    }

    /// Who answers so many calls that are made at once.
    pub(crate) fn answered_at_once(&self, ids: std::ops::Range<u32>) -> BTreeSet<String> {
        std::thread::scope(|scope| {
            let calls: Vec<_> = ids
                .map(|id| scope.spawn(move || self.answered(id)))
                .collect();
            let answers = calls.into_iter().map(|call| call.join());
            answers.map(Result::unwrap).collect()
        })
    }

    fn owner_of<'s>(&self, servers: &'s [Server]) -> &'s Server {
        servers
            .iter()
            .find(|server| server.script.name == self.owner)
            .expect("one of them")
    }
}

fn post(proxy: &Propylon, headers: &[&str], body: &str) -> (Response, Body) {
    let mut lines = String::new();
    headers
        .iter()
        .for_each(|line| lines.push_str(&format!("{line}\r\n")));
    let mut client = propylon_testkit::RawClient::connect(proxy.address());
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{lines}Content-Length: {}\r\n\r\n",
        proxy.address(),
        body.len()
    );
    client.send(head + body).read()
}

pub(crate) fn repairs(proxy: &Propylon, how: &str) -> u32 {
    metric(proxy, "propylon_session_repairs_total", &[how]) as u32
}

/// The session was begun there by the client's own messages, with its credentials, and went on under the id that was
/// minted for it, which is given.
pub(crate) fn assert_begun_at(heir: &Server) -> String {
    let seen = heir.upstream.exchanges();
    let bodies: Vec<_> = seen
        .iter()
        .map(|seen| String::from_utf8_lossy(&seen.body).into_owned())
        .collect();
    assert_eq!(
        (bodies[0].as_str(), bodies[1].as_str(), bodies.len()),
        (INITIALIZE, INITIALIZED, 4)
    );
    assert_eq!(seen[0].header("mcp-session-id"), None);
    let minted = seen[1]
        .header("mcp-session-id")
        .expect("its own session")
        .to_owned();
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization") == Some("Bearer canary-token"))
    );
    assert!(
        seen[2..]
            .iter()
            .all(|seen| seen.values("mcp-session-id") == [minted.as_str()])
    );
    minted
}

/// The session's first stream begins with the notice, whatever event it asks to go on from; the next does not.
pub(crate) fn assert_told_once(session: &Session<'_>, heir: &Server) {
    let proxy = session.proxy;
    let headers = [
        VERSION,
        BEARER,
        session.line.as_str(),
        "Last-Event-ID: old-7",
    ];
    let (response, mut events) = get_sse(proxy.address(), "/mcp", &headers);
    assert_eq!(response.status, 200);
    let notice = events.next(SOON).expect("the notice");
    assert_eq!(
        notice.json(),
        json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" })
    );
    assert_eq!(notice.id(), None);
    heir.script.feed.send("id: new-1\ndata: {\"n\":1}\n\n");
    assert_eq!(
        events.next(SOON).expect("the server's own").text,
        "id: new-1\ndata: {\"n\":1}\n\n"
    );
    drop(events);
    let asked = heir.upstream.exchanges().pop().unwrap();
    assert_eq!(
        (asked.method(), asked.header("last-event-id")),
        ("GET", None)
    );
    let headers = [
        VERSION,
        BEARER,
        session.line.as_str(),
        "Last-Event-ID: new-1",
    ];
    drop(get_sse(proxy.address(), "/mcp", &headers));
    let asked = heir.upstream.exchanges().pop().unwrap();
    assert_eq!(asked.header("last-event-id"), Some("new-1"));
}

#[test]
fn a_session_goes_on_elsewhere_and_its_client_is_told() {
    let servers = trio();
    let proxy = renewing(&servers, "");
    let session = Session::open(&proxy);
    assert_eq!(session.answered(1), session.owner);
    session.owner_of(&servers).upstream.die();
    let owner = session.answered(2);
    assert_ne!(owner, session.owner);
    assert_eq!(session.answered(3), owner);

    let heir = servers
        .iter()
        .find(|server| server.script.name == owner)
        .unwrap();
    let minted = assert_begun_at(heir);
    assert_told_once(&session, heir);
    let id = session.line.strip_prefix("Mcp-Session-Id: ").unwrap();
    assert_eq!(delete(proxy.address(), "/mcp", id).0.status, 200);
    assert!(
        !heir.script.sessions.lock().unwrap().contains(&minted),
        "ended under its own id"
    );
    assert_eq!(metric(&proxy, "propylon_handshake_bytes", &[]) as u32, 0);
    assert_eq!(
        (repairs(&proxy, "reinitialized"), repairs(&proxy, "failed")),
        (1, 0)
    );
    proxy.logged(|line| line["repair"] == "reinitialized" && line["status"] == 200);
    let said = proxy.stop();
    let secrets = ["canary", id, minted.as_str()];
    assert!(
        secrets.iter().all(|secret| !said.contains(secret)),
        "{said}"
    );
}

#[test]
fn many_that_find_it_lost_begin_it_anew_once() {
    let servers = trio();
    let proxy = renewing(&servers, "");
    let session = Session::open(&proxy);
    session.owner_of(&servers).upstream.die();
    let owners = session.answered_at_once(0..16);
    assert_eq!(owners.len(), 1, "{owners:?}");
    let others = |server: &&Server| server.script.name != session.owner;
    let initializes: usize = servers
        .iter()
        .filter(others)
        .map(|server| {
            server
                .upstream
                .exchanges()
                .iter()
                .filter(|seen| seen.body == INITIALIZE.as_bytes())
                .count()
        })
        .sum();
    assert_eq!((initializes, repairs(&proxy, "reinitialized")), (1, 1));
    proxy.stop();
}

#[test]
fn a_server_that_forgot_is_found_out_by_one_call_and_then_mended() {
    let servers = [server("alpha", |_| None)];
    let proxy = renewing(&servers, "");
    let session = Session::open(&proxy);
    servers[0].script.sessions.lock().unwrap().clear();
    let (response, body) = session.call(1);
    assert_eq!(
        response.status, 404,
        "that call was sent, and is not sent again"
    );
    assert!(
        body.text().contains("has no such session"),
        "{}",
        body.text()
    );
    assert_eq!(
        (session.answered(2), session.answered(3)),
        ("alpha".to_owned(), "alpha".to_owned())
    );
    let calls = servers[0]
        .upstream
        .exchanges()
        .into_iter()
        .filter(|seen| seen.json()["method"] == "tools/call");
    let ids: Vec<_> = calls.map(|seen| seen.json()["id"].clone()).collect();
    assert_eq!(ids, [1, 2, 3]);
    proxy.stop();
}

#[test]
fn a_call_under_way_fails_as_ever() {
    let gate = Gate::new();
    let servers = NAMES.map(|name| {
        let gate = gate.clone();
        server(name, move |seen| {
            (seen.json()["id"] == 77).then(|| Answer::new().until(&gate))
        })
    });
    let proxy = renewing(&servers, "");
    let session = Session::open(&proxy);
    let owner = &session.owner_of(&servers).upstream;
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| session.call(77));
        eventually("the call to arrive", SOON, || {
            owner.exchanges().iter().any(|seen| seen.json()["id"] == 77)
        });
        owner.die();
        assert_refused(&calling.join().unwrap(), 502, "upstream-closed", &json!(77));
    });
    gate.open();
    assert_ne!(session.answered(78), session.owner);
    let runs = servers
        .iter()
        .flat_map(|server| server.upstream.exchanges());
    assert_eq!(
        runs.filter(|seen| seen.json()["id"] == 77).count(),
        1,
        "it was not sent again"
    );
    proxy.stop();
}

#[test]
fn while_nobody_is_there_the_session_waits() {
    let servers = [server("alpha", |_| None), server("beta", |_| None)];
    let proxy = renewing(&servers, "");
    let session = Session::open(&proxy);
    servers.iter().for_each(|server| server.upstream.die());
    assert_refused(&session.call(1), 502, "upstream-refused", &json!(1));
    let other = servers
        .iter()
        .find(|server| server.script.name != session.owner)
        .unwrap();
    other.upstream.revive();
    assert_eq!(session.answered(2), other.script.name);
    other.upstream.die();
    session.owner_of(&servers).upstream.revive();
    assert_eq!(session.answered(3), session.owner, "and back again");
    assert_eq!(
        (repairs(&proxy, "reinitialized"), repairs(&proxy, "failed")),
        (2, 1)
    );
    proxy.stop();
}

#[test]
fn credentials_that_do_not_suffice_are_challenged_by_the_server() {
    let is_expired = Arc::new(AtomicU32::new(0));
    let servers = NAMES.map(|name| {
        let is_expired = Arc::clone(&is_expired);
        server(name, move |_| {
            let challenge = "WWW-Authenticate: Bearer error=\"invalid_token\"";
            (is_expired.load(Ordering::Relaxed) > 0).then(|| Answer::sized(401, &[challenge], "{}"))
        })
    });
    let proxy = renewing(&servers, "");
    let session = Session::open(&proxy);
    session.owner_of(&servers).upstream.die();
    is_expired.store(1, Ordering::Relaxed);
    let (response, _) = session.call(1);
    assert_eq!(response.status, 401);
    assert_eq!(
        response.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
    is_expired.store(0, Ordering::Relaxed);
    assert_ne!(session.answered(2), session.owner);
    proxy.stop();
}

#[test]
fn another_revision_is_no_heir() {
    let servers = trio();
    let proxy = renewing(&servers, "");
    let session = Session::open(&proxy);
    session.owner_of(&servers).upstream.die();
    let call = rpc(1, "tools/call", &json!({ "name": "echo" })).to_string();
    let answer = post(
        &proxy,
        &["MCP-Protocol-Version: 2025-06-18", &session.line],
        &call,
    );
    assert_refused(&answer, 404, "session-lost", &json!(1));
    let line = proxy.logged(|line| line["reason"] == "session-lost");
    assert!(
        line["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("revision")),
        "{line}"
    );
    assert_ne!(
        session.answered(2),
        session.owner,
        "its own revision is spoken"
    );
    proxy.stop();
}

#[test]
fn kept_handshakes_are_bounded_and_one_that_was_let_go_is_refused() {
    let servers = trio();
    let proxy = renewing(&servers, ", handshake_bytes_max: 64KiB");
    let padded = INITIALIZE.replace("canary-client", &"c".repeat(20_000));
    let sessions: Vec<_> = (0..9)
        .map(|_| {
            post(&proxy, &[], &padded)
                .0
                .header("mcp-session-id")
                .expect("a session")
                .to_owned()
        })
        .collect();
    let bytes = metric(&proxy, "propylon_handshake_bytes", &[]);
    assert!((20_000.0..=65_536.0).contains(&bytes), "{bytes}");
    servers
        .iter()
        .take(2)
        .for_each(|server| server.upstream.die());
    let statuses = sessions.iter().map(|session| {
        let call = rpc(1, "tools/call", &json!({ "name": "echo" }));
        let line = format!("Mcp-Session-Id: {session}");
        (
            session.starts_with("gamma"),
            post_json(proxy.address(), "/mcp", &[VERSION, &line], &call)
                .0
                .status,
        )
    });
    let statuses: Vec<_> = statuses.collect();
    let of = |wanted: &[(bool, u16)]| {
        wanted
            .iter()
            .all(|(gamma, status)| *status == if *gamma { 200 } else { 404 })
    };
    assert!(
        of(&statuses[..6]),
        "the oldest are lost as before: {statuses:?}"
    );
    assert!(
        statuses[6..].iter().all(|(_, status)| *status == 200),
        "the newest go on: {statuses:?}"
    );
    proxy.stop();
}

#[test]
fn a_session_whose_server_says_so_by_400_begins_anew_as_well() {
    let forgets = Arc::new(AtomicU32::new(0));
    let forgetting = Arc::clone(&forgets);
    let servers = [server("alpha", move |seen| {
        let is_call = seen.json()["method"] == "tools/call";
        let refuses = is_call && forgetting.swap(0, Ordering::Relaxed) > 0;
        let said = "Bad Request: No valid session ID provided";
        refuses.then(|| Answer::sized(400, &["Content-Type: text/plain"], said))
    })];
    let proxy = renewing(&servers, ", lost_status: [400]");
    let session = Session::open(&proxy);
    forgets.store(1, Ordering::Relaxed);
    assert_eq!(session.call(1).0.status, 404);
    assert_eq!(session.answered(2), "alpha");
    assert_eq!(
        (repairs(&proxy, "status"), repairs(&proxy, "reinitialized")),
        (1, 1)
    );
    proxy.stop();
}
