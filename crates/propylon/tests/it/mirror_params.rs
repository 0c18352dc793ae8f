//! `Mcp-Param-*`: learned from the lists of tools that pass, and held to the arguments from then on.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use propylon_testkit::{
    Answer, Body, EventFeed, Exchange, Propylon, RawClient, Response, Upstream, eventually,
    mirrored, post_json, post_modern, rpc,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::front::{assert_refused, metric, serve_one, serve_with, yaml};

const SOON: Duration = Duration::from_secs(10);

/// A tool of that name whose arguments are mirrored.
fn annotated(name: &str) -> Value {
    let region = json!({ "type": "string", "x-mcp-header": "Region" });
    let count = json!({ "type": "integer", "x-mcp-header": "user_count.v2" });
    let dry = json!({ "type": "boolean", "x-mcp-header": "Dry" });
    let page = json!({ "type": "object", "properties": { "count": count } });
    let properties =
        json!({ "region": region, "dry": dry, "page": page, "query": { "type": "string" } });
    json!({ "name": name, "inputSchema": { "type": "object", "properties": properties } })
}

fn plain(name: &str) -> Value {
    json!({ "name": name, "inputSchema": { "type": "object" } })
}

/// A server whose list can be changed, with one page a list of tools, and what its listeners are told.
#[derive(Clone)]
struct Server {
    pages: Arc<Mutex<Vec<Vec<Value>>>>,
    feed: EventFeed,
    streams_lists: bool,
}

impl Server {
    fn new(pages: &[&[Value]], streams_lists: bool) -> Self {
        let pages = pages.iter().map(|page| page.to_vec()).collect();
        Self {
            pages: Arc::new(Mutex::new(pages)),
            feed: EventFeed::new(),
            streams_lists,
        }
    }

    fn start(&self) -> Upstream {
        let server = self.clone();
        Upstream::start(move |exchange| server.answer(exchange))
    }

    fn set(&self, tools: &[Value]) {
        *self.pages.lock().unwrap_or_else(PoisonError::into_inner) = vec![tools.to_vec()];
    }

    fn answer(&self, exchange: &Exchange) -> Answer {
        let message = exchange.json();
        let id = &message["id"];
        match message["method"].as_str() {
            Some("tools/list") => {
                let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
                let cursor = message["params"]["cursor"].as_str().unwrap_or("0");
                let at: usize = cursor.parse().expect("our own cursor");
                let mut result = json!({ "resultType": "complete", "tools": pages[at], "ttlMs": 0, "cacheScope": "public" });
                if at + 1 < pages.len() {
                    result["nextCursor"] = json!((at + 1).to_string());
                }
                if !self.streams_lists {
                    return Answer::result(id, &result);
                }
                let text = json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
                let (before, after) = text.split_at(text.len() / 2);
                let stream = Answer::stream_head(&[]).chunk(format!(": hello\n\ndata: {before}"));
                let stream = stream.wait(Duration::from_millis(20));
                stream.chunk(format!("{after}\n\n")).last_chunk()
            }
            Some("subscriptions/listen") => Answer::stream(&self.feed, &[]),
            _ => Answer::result(id, &json!({ "resultType": "complete", "content": [] })),
        }
    }
}

fn list(address: SocketAddr, cursor: Option<&str>) {
    let params = cursor.map_or(json!({}), |cursor| json!({ "cursor": cursor }));
    let (response, body) = post_modern(address, "/mcp", &rpc(1, "tools/list", &params));
    assert_eq!(response.status, 200, "{}", body.text());
    assert!(body.text().contains("tools"));
}

/// A call of `tool` with the headers of every call, and these.
fn call(address: SocketAddr, tool: &str, arguments: &Value, headers: &[&str]) -> (Response, Body) {
    let message = rpc(
        "c-1",
        "tools/call",
        &json!({ "name": tool, "arguments": arguments }),
    );
    let mut lines = mirrored(&message);
    lines.extend(headers.iter().map(|&line| line.to_owned()));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    post_json(address, "/mcp", &lines, &message)
}

fn status(proxy: &Propylon, tool: &str, headers: &[&str]) -> u16 {
    call(proxy.address(), tool, &json!({ "region": "eu" }), headers)
        .0
        .status
}

const FULL: &str = r#"{"region":"eu","page":{"count":42},"dry":true,"query":"q"}"#;
const ALL: [&str; 3] = [
    "Mcp-Param-Region: eu",
    "mcp-param-USER_COUNT.V2: 42",
    "Mcp-Param-Dry: true",
];

/// Headers of a call with `FULL`'s arguments, with the fault; none for those that are right.
const CASES: &[(&[&str], &str)] = &[
    (&ALL, ""),
    (&["Mcp-Param-Region: =?base64?ZXU=?=", ALL[1], ALL[2]], ""),
    (&[ALL[0], "Mcp-Param-user_count.v2: 42.0", ALL[2]], ""),
    (
        &[
            ALL[0],
            "Mcp-Param-user_count.v2: 4.2e1",
            ALL[2],
            "Mcp-Param-Other: x",
            "Mcp-Param-Other: y",
        ],
        "",
    ),
    (&[ALL[1], ALL[2]], "an Mcp-Param header is missing"),
    (
        &["Mcp-Param-Region: us", ALL[1], ALL[2]],
        "an Mcp-Param header is not",
    ),
    (
        &["Mcp-Param-Region: EU", ALL[1], ALL[2]],
        "an Mcp-Param header is not",
    ),
    (
        &[ALL[0], "Mcp-Param-user_count.v2: 43", ALL[2]],
        "an Mcp-Param header is not",
    ),
    (
        &[ALL[0], ALL[1], "Mcp-Param-Dry: True"],
        "an Mcp-Param header is not",
    ),
    (
        &[ALL[0], ALL[0], ALL[1], ALL[2]],
        "an Mcp-Param header is there more than once",
    ),
    (
        &["Mcp-Param-Region: =?base64?ZXU?=", ALL[1], ALL[2]],
        "an Mcp-Param header is neither",
    ),
    (
        &["Mcp-Param-Region: \u{e9}u", ALL[1], ALL[2]],
        "an Mcp-Param header is neither",
    ),
];

#[test]
fn what_a_list_named_is_held_to_the_arguments() {
    for streams_lists in [false, true] {
        let upstream = Server::new(&[&[annotated("sql"), plain("echo")]], streams_lists).start();
        let proxy = serve_one(&upstream);
        let arguments: Value = serde_json::from_str(FULL).unwrap();
        for (headers, _) in CASES {
            let (response, _) = call(proxy.address(), "sql", &arguments, headers);
            assert_eq!(response.status, 200, "not known yet: {headers:?}");
        }
        list(proxy.address(), None);
        assert_eq!(
            metric(&proxy, "propylon_annotated_tools", &["upstream=\"it\""]) as u32,
            1
        );
        for (headers, fault) in CASES {
            let before = upstream.exchanges().len();
            let answer = call(proxy.address(), "sql", &arguments, headers);
            if fault.is_empty() {
                assert_eq!(answer.0.status, 200, "{headers:?} {}", answer.1.text());
                let seen = upstream.exchanges().pop().unwrap();
                for line in *headers {
                    let (name, value) = line.split_once(": ").unwrap();
                    assert!(
                        seen.values(name).contains(&value),
                        "{line} is forwarded as it came"
                    );
                }
                continue;
            }
            assert_refused(&answer, 400, "header-mismatch", &json!("c-1"));
            let error = &answer.1.json()["error"];
            let message = error["message"].as_str().unwrap_or_default();
            assert_eq!(error["code"], -32020);
            assert!(
                message.starts_with(&format!("Header mismatch: {fault}")),
                "{headers:?}: {message}"
            );
            assert_eq!(upstream.exchanges().len(), before, "{headers:?}");
        }
        proxy.stop();
    }
}

#[test]
fn no_header_is_due_for_an_argument_that_is_not_there() {
    let upstream = Server::new(&[&[annotated("sql")]], false).start();
    let proxy = serve_one(&upstream);
    list(proxy.address(), None);
    let status = |arguments: Value, headers: &[&str]| {
        call(proxy.address(), "sql", &arguments, headers).0.status
    };
    for none in [
        json!({}),
        json!({ "region": null }),
        json!({ "query": "q" }),
        json!(null),
    ] {
        assert_eq!(status(none.clone(), &[]), 200, "{none}");
        assert_eq!(status(none.clone(), &[ALL[0]]), 400, "{none}");
    }
    assert_eq!(status(json!({ "region": "" }), &["Mcp-Param-Region:"]), 200);
    assert_eq!(
        status(
            json!({ "region": "naïve" }),
            &["Mcp-Param-Region: =?base64?bmHDr3Zl?="]
        ),
        200
    );
    // What the peek cannot see whole is the server's to judge.
    let long = json!({ "region": "eu", "query": "q".repeat(400_000) });
    assert_eq!(status(long, &["Mcp-Param-Region: us"]), 200);
    proxy.stop();
}

#[test]
fn a_newer_list_replaces_page_by_page() {
    let server = Server::new(&[&[annotated("a")], &[annotated("b"), plain("c")]], false);
    let upstream = server.start();
    let proxy = serve_one(&upstream);
    let statuses = || ["a", "b", "c", "unlisted"].map(|tool| status(&proxy, tool, &[]));
    list(proxy.address(), None);
    assert_eq!(
        statuses(),
        [400, 200, 200, 200],
        "the second page has not been seen"
    );
    list(proxy.address(), Some("1"));
    assert_eq!(statuses(), [400, 400, 200, 200]);
    server.set(&[plain("a"), annotated("c")]);
    list(proxy.address(), None);
    assert_eq!(
        statuses(),
        [200, 400, 400, 200],
        "what the newer list names is replaced"
    );
    proxy.stop();
}

#[test]
fn a_change_of_the_tools_ends_what_was_known() {
    let server = Server::new(&[&[annotated("a")]], false);
    let upstream = server.start();
    let proxy = serve_one(&upstream);
    list(proxy.address(), None);
    assert_eq!(status(&proxy, "a", &[]), 400);
    let listen = rpc(
        5,
        "subscriptions/listen",
        &json!({ "notifications": { "toolsListChanged": true } }),
    );
    let lines = mirrored(&listen);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let mut client = RawClient::connect(proxy.address());
    client.post(proxy.address(), "/mcp", &lines, &listen);
    let response = client.read_head().expect("a head comes");
    let mut events = client.events(&response);
    server
        .feed
        .event(r#"{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}"#);
    events.next(SOON).expect("a notice");
    assert_eq!(status(&proxy, "a", &[]), 400, "that was about resources");
    server
        .feed
        .event(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#);
    events.next(SOON).expect("a notice");
    assert_eq!(status(&proxy, "a", &[]), 200, "the server alone knows now");
    list(proxy.address(), None);
    assert_eq!(status(&proxy, "a", &[]), 400);
    proxy.stop();
}

#[test]
fn what_is_known_is_one_upstreams_and_survives_a_reload() {
    let (strict, loose) = (
        Server::new(&[&[annotated("a")]], false),
        Server::new(&[&[plain("a")]], false),
    );
    let (strict, loose) = (strict.start(), loose.start());
    let more = [
        "routes:\n  - { path: /mcp, upstream: it }\n  - { path: /other, upstream: other }",
        &format!("  other: {{ url: {} }}", loose.url("/mcp")),
    ];
    let text = yaml(&[strict.url("/mcp")], &[], &[])
        .replace("routes:\n  - { path: /mcp, upstream: it }", more[0]);
    let text = format!("{text}{}\n", more[1]);
    let proxy = propylon_testkit::Launch::new(crate::front::BINARY).config(&text);
    list(proxy.address(), None);
    let message = rpc(
        1,
        "tools/call",
        &json!({ "name": "a", "arguments": { "region": "eu" } }),
    );
    let other = || post_modern(proxy.address(), "/other", &message).0.status;
    assert_eq!((status(&proxy, "a", &[]), other()), (400, 200));
    proxy.rewrite(&text.replace("admin:", "drain: 31s\nadmin:"));
    proxy.signal(Signal::HUP);
    eventually("the reload", SOON, || {
        metric(&proxy, "propylon_reloads_total", &[]) >= 1.0
    });
    assert_eq!((status(&proxy, "a", &[]), other()), (400, 200));
    proxy.stop();
}

#[test]
fn an_observer_only_says_what_it_saw_and_the_memory_is_bounded() {
    let tools: Vec<_> = (0..40)
        .map(|number| annotated(&format!("t{number}")))
        .collect();
    let upstream = Server::new(&[&tools], false).start();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &["mirror: observe"],
        &["limits: { annotated_tools: 8 }"],
    );
    list(proxy.address(), None);
    assert_eq!(metric(&proxy, "propylon_annotated_tools", &[]) as u32, 8);
    assert_eq!(status(&proxy, "t1", &["Mcp-Param-Region: us"]), 200);
    proxy.logged(|line| line["mismatch"] == "an Mcp-Param header is not the argument in the body");
    assert_eq!(
        metric(&proxy, "propylon_header_mismatches_total", &[]) as u32,
        1
    );
    proxy.stop();

    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["limits: { annotated_tools: 0 }"],
    );
    list(proxy.address(), None);
    assert_eq!(status(&proxy, "t1", &["Mcp-Param-Region: us"]), 200);
    proxy.stop();
}

#[test]
fn earlier_revisions_neither_teach_nor_are_bound() {
    let upstream = Server::new(&[&[annotated("a")]], false).start();
    let proxy = serve_one(&upstream);
    let legacy = ["MCP-Protocol-Version: 2025-11-25"];
    let listed = post_json(
        proxy.address(),
        "/mcp",
        &legacy,
        &rpc(1, "tools/list", &json!({})),
    );
    assert_eq!(listed.0.status, 200);
    assert_eq!(status(&proxy, "a", &[]), 200, "nothing was learned");
    list(proxy.address(), None);
    let message = rpc(
        1,
        "tools/call",
        &json!({ "name": "a", "arguments": { "region": "eu" } }),
    );
    for headers in [
        &legacy[..],
        &["MCP-Protocol-Version: 2025-11-25", "Mcp-Param-Region: us"],
    ] {
        assert_eq!(
            post_json(proxy.address(), "/mcp", headers, &message)
                .0
                .status,
            200
        );
    }
    proxy.stop();
}
