//! Headers that mirror the body: lies are refused before anything is dialled, and earlier revisions bind nothing.

use std::time::Duration;

use propylon_testkit::{Answer, Propylon, RawClient, Upstream, post_json, rpc};
use serde_json::{Value, json};

use crate::front::{assert_refused, metric, serve_one, serve_with};

fn answering() -> Upstream {
    Upstream::start(|exchange| Answer::result(&exchange.json()["id"], &json!({})))
}

fn call(name: &str) -> Value {
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
    rpc(
        "c-1",
        "tools/call",
        &json!({ "name": name, "arguments": {}, "_meta": meta }),
    )
}

const VERSION: &str = "MCP-Protocol-Version: 2026-07-28";
const METHOD: &str = "Mcp-Method: tools/call";

/// Headers of a call of `run`, with what is wrong with them; nothing for those that are right.
const CASES: &[(&[&str], &str)] = &[
    (&[VERSION, METHOD, "Mcp-Name: run"], ""),
    (&[VERSION, METHOD, "mcp-name:   run  "], ""),
    (
        &[
            VERSION,
            METHOD,
            "Mcp-Name: =?base64?cnVu?=",
            "Mcp-Param-Unknown: 1",
        ],
        "",
    ),
    (
        &[METHOD, "Mcp-Name: run"],
        "MCP-Protocol-Version is missing",
    ),
    (
        &["MCP-Protocol-Version: 2025-11-25", METHOD, "Mcp-Name: run"],
        "MCP-Protocol-Version is not",
    ),
    (&[VERSION, "Mcp-Name: run"], "Mcp-Method is missing"),
    (
        &[VERSION, "Mcp-Method: tools/list", "Mcp-Name: run"],
        "Mcp-Method is not",
    ),
    (&[VERSION, METHOD], "Mcp-Name is missing"),
    (&[VERSION, METHOD, "Mcp-Name: other"], "Mcp-Name is not"),
    (
        &[VERSION, METHOD, "Mcp-Name: run", "Mcp-Name: run"],
        "Mcp-Name is there more than once",
    ),
    (
        &[VERSION, METHOD, "Mcp-Name: =?base64?cnVu!?="],
        "Mcp-Name is neither",
    ),
];

#[test]
fn a_lie_is_refused_and_reaches_no_server() {
    let upstream = answering();
    let proxy = serve_one(&upstream);
    for (headers, fault) in CASES {
        let before = upstream.exchanges().len();
        let answer = post_json(proxy.address(), "/mcp", headers, &call("run"));
        if fault.is_empty() {
            assert_eq!(answer.0.status, 200, "{headers:?} {}", answer.1.text());
            continue;
        }
        assert_refused(&answer, 400, "header-mismatch", &json!("c-1"));
        let error = &answer.1.json()["error"];
        assert_eq!(error["code"], -32020);
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("Header mismatch: {fault}")),
            "{message}"
        );
        assert_eq!(upstream.exchanges().len(), before, "{headers:?}");
    }
    let lies = CASES.iter().filter(|(_, fault)| !fault.is_empty()).count();
    assert_eq!(
        metric(
            &proxy,
            "propylon_header_mismatches_total",
            &["upstream=\"it\""]
        ),
        lies as f64
    );
    proxy.stop();
}

#[test]
fn an_observer_lets_everything_through_and_says_what_it_saw() {
    let upstream = answering();
    let proxy = serve_with(&[upstream.url("/mcp")], &["mirror: observe"], &[]);
    for (headers, _) in CASES {
        let (answer, _) = post_json(proxy.address(), "/mcp", headers, &call("run"));
        assert_eq!(answer.status, 200, "{headers:?}");
    }
    let line = proxy.logged(|line| line["mismatch"] == "Mcp-Name is missing");
    assert_eq!(
        (&line["status"], &line["end"]),
        (&json!(200), &json!("complete"))
    );
    assert_eq!(line["revision"], "2026-07-28");
    assert!(metric(&proxy, "propylon_header_mismatches_total", &[]) >= 8.0);
    proxy.stop();
}

#[test]
fn a_body_is_waited_for_however_late_it_comes() {
    let upstream = answering();
    let proxy = serve_one(&upstream);
    let body = call("run").to_string();
    let head = |name: &str, more: &str| {
        format!(
            "POST /mcp HTTP/1.1\r\nHost: h\r\n{VERSION}\r\n{METHOD}\r\nMcp-Name: {name}\r\n{more}Content-Length: {}\r\n\r\n",
            body.len()
        )
    };
    let pause = Duration::from_millis(600);
    for (name, status) in [("other", 400), ("run", 200)] {
        let mut client = RawClient::connect(proxy.address());
        client.send(head(name, ""));
        std::thread::sleep(pause);
        client.send(&body[..20]);
        std::thread::sleep(pause);
        assert_eq!(
            client.send(&body[20..]).read().0.status,
            status,
            "{name}, late"
        );

        let mut client = RawClient::connect(proxy.address());
        client.send(head(name, "Expect: 100-continue\r\n"));
        assert_eq!(client.read_head().unwrap().status, 100, "{name}");
        assert_eq!(
            client.send(&body).read().0.status,
            status,
            "{name}, when asked"
        );
    }
    let served = upstream.exchanges();
    assert_eq!(served.len(), 2);
    assert!(
        served
            .iter()
            .all(|exchange| exchange.header("expect").is_none()),
        "it was met here"
    );
    proxy.stop();
}

#[test]
fn earlier_revisions_are_served_whatever_these_headers_say() {
    let upstream = answering();
    let proxy = serve_one(&upstream);
    let lies = [
        "Mcp-Method: x",
        "Mcp-Method: y",
        "Mcp-Name: =?base64?!?=",
        "Mcp-Param-A: 1",
    ];
    for version in [
        "MCP-Protocol-Version: 2025-11-25",
        "MCP-Protocol-Version: banana",
        "X-None: 1",
    ] {
        let headers: Vec<_> = lies.into_iter().chain([version]).collect();
        for message in [rpc(1, "tools/call", &json!({ "name": "run" })), json!([])] {
            let (answer, _) = post_json(proxy.address(), "/mcp", &headers, &message);
            assert_eq!(answer.status, 200, "{version}");
            let seen = upstream.exchanges().pop().unwrap();
            assert_eq!(
                seen.values("mcp-method"),
                ["x", "y"],
                "forwarded as they came"
            );
        }
    }
    proxy.stop();
}

/// Neither route nor limit goes by a mirrored header: with lies in all of them, each revision goes where its path says.
#[test]
fn nothing_is_routed_by_a_mirrored_header() {
    let servers = crate::front::scripted(&["one", "two"]);
    let proxy: Propylon = serve_with(&crate::front::urls(&servers), &["mirror: observe"], &[]);
    let (answer, _) = post_json(
        proxy.address(),
        "/mcp",
        &[],
        &propylon_testkit::initialize(1),
    );
    let session = format!(
        "Mcp-Session-Id: {}",
        answer.header("mcp-session-id").unwrap()
    );
    let owner = answer
        .header("mcp-session-id")
        .unwrap()
        .split('-')
        .next()
        .unwrap()
        .to_owned();
    for index in 0..6 {
        let name = format!("Mcp-Name: tenant-{index}");
        let call = rpc(
            index,
            "tools/call",
            &json!({ "name": "echo", "arguments": {} }),
        );
        let headers = [session.as_str(), "Mcp-Method: subscriptions/listen", &name];
        let (answer, body) = post_json(proxy.address(), "/mcp", &headers, &call);
        assert_eq!(answer.status, 200, "{}", body.text());
        assert!(body.text().contains(&owner), "{}", body.text());
    }
    proxy.stop();
}
