//! The shared cache: given to whom the server says, for as long, and never a byte more; and real servers behind it.

mod changes;
mod waiting;

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use propylon_testkit::{
    Answer, Body, Exchange, Propylon, Response, Upstream, eventually, mirrored, post_json, rpc,
};
use serde_json::{Value, json};

use crate::front::{metric, serve_one, serve_with};
use crate::real::rmcp_client::{self, Abilities, Era};
use crate::real::scripts;
use crate::real::servers::{Kind, Server};

const SOON: Duration = Duration::from_secs(10);
const ALICE: &str = "Authorization: Bearer alice";
const BOB: &str = "Authorization: Bearer bob";

fn cached(upstream: &Upstream) -> Propylon {
    serve_with(&[upstream.url("/mcp")], &["cache: {}"], &[])
}

fn message(id: impl Into<Value>, method: &str, params: &Value) -> Value {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    rpc(id, method, &params)
}

fn ask(address: SocketAddr, message: &Value, more: &[&str]) -> (Response, Body) {
    let lines = mirrored(message);
    let lines: Vec<_> = lines
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    post_json(address, "/mcp", &lines, message)
}

fn list(proxy: &Propylon, id: impl Into<Value>, more: &[&str]) -> (Response, Body) {
    ask(
        proxy.address(),
        &message(id, "tools/list", &json!({})),
        more,
    )
}

/// What the cache said of the answer.
fn used((response, _): &(Response, Body)) -> &str {
    response.header("propylon-cache").unwrap_or("nothing")
}

/// The result of a list, with the number of the request that it answers.
fn result(upstream_has_seen: usize, scope: &str) -> Value {
    json!({ "resultType": "complete", "tools": [], "seen": upstream_has_seen, "ttlMs": 60_000, "cacheScope": scope })
}

/// A server that counts its answers, all of them good for a minute.
fn counting(scope: &'static str) -> Upstream {
    counting_as(move |id, seen| Answer::result(id, &result(seen, scope)))
}

fn counting_as(answer: impl Fn(&Value, usize) -> Answer + Send + Sync + 'static) -> Upstream {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    Upstream::start(move |exchange: &Exchange| {
        let seen = seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        answer(&exchange.json()["id"], seen)
    })
}

#[test]
fn a_public_answer_is_given_to_anyone_who_comes_with_credentials() {
    let upstream = counting("public");
    let proxy = cached(&upstream);
    let first = list(&proxy, 1, &[ALICE]);
    assert_eq!((used(&first), first.0.header("age")), ("miss", None));
    thread::sleep(Duration::from_millis(1100));
    let second = list(&proxy, "an id \u{e9}", &[BOB]);
    assert_eq!(used(&second), "hit");
    let age: u64 = second
        .0
        .header("age")
        .and_then(|age| age.parse().ok())
        .expect("an age");
    assert!(age >= 1, "{}", second.0.head);
    let (mut told, mut kept) = (second.1.json(), first.1.json());
    assert_eq!(told["id"], "an id \u{e9}");
    let left = told["result"]["ttlMs"].as_u64().expect("a time");
    assert!(left <= 59_000 && left > 30_000, "{left} ms are left");
    // Nothing else differs, to the byte.
    let digits = |body: &Body| body.text().replace(&left.to_string(), "60000");
    assert_eq!(
        digits(&second.1).split_once("\"result\"").unwrap().1,
        first.1.text().split_once("\"result\"").unwrap().1
    );
    told["result"]["ttlMs"] = json!(60_000);
    kept["id"] = told["id"].clone();
    assert_eq!(told, kept);
    // Whoever comes without is asked for some, if the server wants them.
    assert_eq!(used(&list(&proxy, 3, &[])), "miss");
    assert_eq!(used(&list(&proxy, 4, &[])), "hit");
    // Another question, and another page.
    assert_eq!(
        used(&ask(
            proxy.address(),
            &message(5, "prompts/list", &json!({})),
            &[ALICE]
        )),
        "miss"
    );
    assert_eq!(
        used(&ask(
            proxy.address(),
            &message(6, "tools/list", &json!({ "cursor": "b" })),
            &[ALICE]
        )),
        "miss"
    );
    assert_eq!(upstream.exchanges().len(), 4);
    assert_eq!(
        metric(&proxy, "propylon_cache_requests_total", &["\"hit\""]) as usize,
        2
    );
    assert_eq!(
        metric(&proxy, "propylon_cache_requests_total", &["\"miss\""]) as usize,
        4
    );
    assert_eq!(metric(&proxy, "propylon_cache_entries", &[]) as usize, 4);
    assert_eq!(proxy.logged(|line| line["cache"] == "hit")["status"], 200);
    proxy.stop();
}

#[test]
fn a_private_answer_is_given_to_the_same_credentials_alone() {
    let upstream = counting("private");
    let proxy = cached(&upstream);
    for (who, expected) in [
        (&[ALICE][..], "miss"),
        (&[ALICE], "hit"),
        (&[BOB], "miss"),
        (&[BOB], "hit"),
        (&[ALICE], "hit"),
        (&[ALICE, "X-Api-Key: other"], "miss"),
        (&[], "miss"),
        (&[], "miss"),
    ] {
        assert_eq!(used(&list(&proxy, 1, who)), expected, "{who:?}");
    }
    let log = proxy.output();
    assert!(!log.contains("alice") && !log.contains("bob"));
    proxy.stop();
}

#[test]
fn what_may_not_be_kept_is_asked_for_every_time() {
    let with = |key: &str, value: Value| {
        let mut result = result(0, "public");
        result[key] = value;
        result
    };
    for unfit in [
        with("ttlMs", json!(0)),
        with("resultType", json!("input_required")),
        with("cacheScope", json!("everybody")),
    ] {
        let upstream = counting_as(move |id, _| Answer::result(id, &unfit));
        let proxy = cached(&upstream);
        let all: Vec<_> = (0..3).map(|id| list(&proxy, id, &[])).collect();
        assert!(all.iter().all(|answer| used(answer) == "miss"));
        assert_eq!(upstream.exchanges().len(), 3);
        proxy.stop();
    }
    let answers: [fn(&Value) -> Answer; 3] = [
        |id| {
            Answer::json(
                200,
                &json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32603, "message": "no" } }),
            )
        },
        |id| {
            Answer::json(
                500,
                &json!({ "jsonrpc": "2.0", "id": id, "result": result(0, "public") }),
            )
        },
        |id| {
            let body = json!({ "jsonrpc": "2.0", "id": id, "result": result(0, "public") });
            let head = ["Content-Type: application/json", "Cache-Control: no-store"];
            Answer::sized(200, &head, body.to_string())
        },
    ];
    for answer in answers {
        let upstream = counting_as(move |id, _| answer(id));
        let proxy = cached(&upstream);
        assert!((0..3).all(|id| used(&list(&proxy, id, &[])) == "miss"));
        assert_eq!(upstream.exchanges().len(), 3);
        proxy.stop();
    }
}

#[test]
fn a_request_has_its_say() {
    let upstream = counting("public");
    let proxy = cached(&upstream);
    assert_eq!(used(&list(&proxy, 1, &[])), "miss");
    assert_eq!(
        used(&list(&proxy, 2, &["Cache-Control: no-store"])),
        "bypass"
    );
    let fresh = list(&proxy, 3, &["Cache-Control: no-cache"]);
    assert_eq!(
        (used(&fresh), &fresh.1.json()["result"]["seen"]),
        ("miss", &json!(2))
    );
    let kept = list(&proxy, 4, &[]);
    assert_eq!(
        (used(&kept), &kept.1.json()["result"]["seen"]),
        ("hit", &json!(2))
    );
    for params in [
        json!({ "inputResponses": {} }),
        json!({ "requestState": "s" }),
    ] {
        let asked = message(5, "tools/list", &params);
        assert_eq!(used(&ask(proxy.address(), &asked, &[])), "bypass");
    }
    // What is not of this revision, or no method with answers to keep, has nothing to do with it.
    let call = message(6, "tools/call", &json!({ "name": "x", "arguments": {} }));
    assert_eq!(used(&ask(proxy.address(), &call, &[])), "nothing");
    let legacy = rpc(7, "tools/list", &json!({}));
    let legacy = post_json(
        proxy.address(),
        "/mcp",
        &["MCP-Protocol-Version: 2025-11-25"],
        &legacy,
    );
    assert_eq!(used(&legacy), "nothing");
    proxy.stop();
    let off = serve_one(&upstream);
    assert_eq!(used(&list(&off, 8, &[])), "nothing");
    off.stop();
}

#[test]
fn a_result_that_comes_as_an_event_is_kept_too() {
    let upstream = counting_as(|id, seen| {
        let note = r#"data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"result"}}"#;
        let body = json!({ "jsonrpc": "2.0", "id": id, "result": result(seen, "public") });
        Answer::stream_head(&["Cache-Control: no-cache"])
            .chunk(format!("{note}\n\ndata: {body}\n\n"))
            .last_chunk()
    });
    let proxy = cached(&upstream);
    let asked = list(&proxy, 1, &[]);
    assert!(asked.1.text().starts_with("data: {"), "as it came");
    eventually("it to be kept", SOON, || {
        metric(&proxy, "propylon_cache_entries", &[]) as usize == 1
    });
    let kept = list(&proxy, 2, &[]);
    assert_eq!(
        (used(&kept), kept.0.header("content-type")),
        ("hit", Some("application/json"))
    );
    assert_eq!(
        (&kept.1.json()["id"], &kept.1.json()["result"]["seen"]),
        (&json!(2), &json!(0))
    );
    proxy.stop();
}

#[test]
fn the_cache_is_bounded() {
    let upstream = counting("public");
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &["cache: { entries_max: 3, entry_bytes_max: 1KiB }"],
        &[],
    );
    for page in 0..5 {
        ask(
            proxy.address(),
            &message(1, "tools/list", &json!({ "cursor": page.to_string() })),
            &[],
        );
    }
    assert_eq!(metric(&proxy, "propylon_cache_entries", &[]) as usize, 3);
    assert_eq!(
        metric(&proxy, "propylon_cache_evictions_total", &["crowded"]) as usize,
        2
    );
    assert!(metric(&proxy, "propylon_cache_bytes", &[]) < 3.0 * 1400.0);
    proxy.stop();
}

/// Real clients of three SDKs, with a real server that says how long its answers hold.
#[test]
fn sdks_are_served_from_the_cache() {
    let server = Server::start_with(Kind::PythonSdk, "alpha", &["--cached"]);
    let proxy = serve_with(&[server.url()], &["cache: {}"], &[]);
    let url = proxy.url("/mcp");
    let hits = || {
        let count = |result| metric(&proxy, "propylon_cache_requests_total", &[result]) as usize;
        count("\"hit\"") + count("\"coalesced\"")
    };
    let walks: [(&str, &dyn Fn()); 3] = [
        ("Python", &|| {
            drop(scripts::python(&url, &["all", "--era", "modern"]))
        }),
        ("TypeScript", &|| {
            drop(scripts::typescript_modern(&url, &[]))
        }),
        ("Rust", &|| {
            rmcp_client::walk(&url, Era::Modern, Abilities { listens: true })
        }),
    ];
    for (sdk, walk) in walks {
        walk();
        let before = hits();
        walk();
        assert!(
            hits() > before,
            "{sdk}: the second walk asks what the first did"
        );
    }
    let from_server = proxy
        .access_log()
        .iter()
        .filter(|line| line["cache"] == "hit" && !line["instance"].is_null())
        .count();
    assert_eq!(from_server, 0, "a hit reaches no instance");
    proxy.stop();
}
