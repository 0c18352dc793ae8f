//! Secrets through every path, and then a search of everything the process wrote.

use std::process::Command;
use std::time::Duration;

use propylon_testkit::{
    Answer, EventFeed, Guarded, RawClient, Scratch, Upstream, get_sse, post_json, rpc,
};
use serde_json::{Value, json};

use crate::front::{BINARY, get, serve_with, yaml};

const SOON: Duration = Duration::from_secs(5);

/// Each secret is in its own words, so that a find names the path it took.
const SECRETS: [&str; 14] = [
    "canary-authorization",
    "canary-cookie",
    "canary-api-key",
    "canary-query",
    "canary-session",
    "canary-param-value",
    "canary-name-argument",
    "canary-mcp-param",
    "canary-result",
    "canary-event",
    "canary-set-cookie",
    "canary-garbage",
    "canary-location",
    "canary-meta",
];

const HEADERS: [&str; 5] = [
    "Authorization: Bearer canary-authorization",
    "Cookie: sid=canary-cookie",
    "X-Api-Key: canary-api-key",
    "Mcp-Session-Id: canary-session",
    "Mcp-Param-Token: canary-mcp-param",
];

const TARGET: &str = "/mcp?access_token=canary-query&api_key=canary-query";

fn message() -> Value {
    let arguments =
        json!({ "password": "canary-param-value", "nested": { "token": "canary-name-argument" } });
    rpc(
        1,
        "tools/call",
        &json!({ "name": "login", "arguments": arguments, "_meta": { "k": "canary-meta" } }),
    )
}

fn upstream(feed: &EventFeed) -> Upstream {
    let feed = feed.clone();
    Upstream::start(move |exchange| match exchange.header("x-do") {
        Some("stream") => Answer::stream(&feed, &["Mcp-Session-Id: canary-session"]),
        Some("garbage") => {
            Answer::raw("HTTP/1.1 canary-garbage\r\nX canary-garbage\r\n\r\n").close()
        }
        Some("drop") => Answer::new().close(),
        Some("error") => Answer::sized(500, &["Set-Cookie: a=canary-set-cookie"], "canary-result"),
        Some("silence") => Answer::new().wait(Duration::from_secs(2)).close(),
        Some("redirect") => {
            Answer::sized(307, &["Location: https://x.test/?t=canary-location"], "")
        }
        _ => {
            let body =
                json!({ "jsonrpc": "2.0", "id": 1, "result": { "secret": "canary-result" } })
                    .to_string();
            let head = [
                "Content-Type: application/json",
                "Mcp-Session-Id: canary-session",
                "Set-Cookie: a=canary-set-cookie",
            ];
            Answer::sized(200, &head, body)
        }
    })
}

#[test]
fn no_secret_is_ever_written() {
    let feed = EventFeed::new();
    let upstream = upstream(&feed);
    let root = [
        "log: { level: trace }",
        "limits: { body_bytes: 4KiB, header_bytes: 8KiB }",
    ];
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &["timeouts: { response_head: 1s }"],
        &root,
    );
    let address = proxy.address();
    for (number, action) in ["answer", "garbage", "drop", "error", "silence", "redirect"]
        .iter()
        .enumerate()
    {
        let action = format!("X-Do: {action}");
        let headers: Vec<_> = HEADERS.iter().copied().chain([action.as_str()]).collect();
        post_json(address, TARGET, &headers, &message());
        assert_eq!(
            upstream.exchanges().len(),
            number + 1,
            "{action} reached the server"
        );
    }
    let streaming: Vec<_> = HEADERS.iter().copied().chain(["X-Do: stream"]).collect();
    let (_, mut events) = get_sse(address, TARGET, &streaming);
    feed.event("{\"data\":\"canary-event\"}");
    events.next(SOON).expect("the event comes");
    feed.send("data: canary-event half an event");
    feed.cut();
    let _ = events.next(SOON);
    refusals(address);
    let (_, metrics) = get(proxy.admin(), "/metrics");
    let lines = proxy.logged(|line| line["method"] == "GET");
    assert_eq!(lines["route"], "/mcp", "{lines}");
    let written = proxy.stop();
    assert!(
        written.lines().count() > 10,
        "there is something to search:\n{written}"
    );
    for secret in SECRETS {
        for (what, text) in [("the logs", &written), ("the metrics", &metrics.text())] {
            if let Some(line) = text.lines().find(|line| line.contains(secret)) {
                panic!("{secret} is in {what}: {line}");
            }
        }
    }
}

/// What the proxy refuses by itself carries secrets as well.
fn refusals(address: std::net::SocketAddr) {
    let headers = HEADERS.join("\r\n");
    let padding = "canary-api-key".repeat(800);
    let shapes = [
        format!(
            "POST {TARGET} HTTP/1.1\r\nHost: h\r\n{headers}\r\nContent-Length: 9000\r\n\r\ncanary-param-value"
        ),
        format!(
            "POST {TARGET} HTTP/1.1\r\nHost: h\r\n{headers}\r\nX-Pad: {padding}\r\nContent-Length: 0\r\n\r\n"
        ),
        format!(
            "POST {TARGET} HTTP/1.1\r\nHost: h\r\n{headers}\r\nBad Name: canary-cookie\r\n\r\n"
        ),
        format!(
            "GET /unknown/canary-query?t=canary-query HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n"
        ),
        format!(
            "POST {TARGET} HTTP/1.1\r\nHost: h\r\n{headers}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12"
        ),
        "canary-garbage canary-garbage\r\n\r\n".to_owned(),
    ];
    for shape in shapes {
        let mut client = RawClient::connect(address);
        let _ = client.try_send(&shape);
        let head = client
            .patience(SOON)
            .read_head()
            .expect("the refusal is said");
        assert!((400..500).contains(&head.status), "{}", head.head);
        let body = client.read_body(&head).text();
        assert!(
            !SECRETS
                .iter()
                .any(|secret| head.head.contains(secret) || body.contains(secret)),
            "{}{body}",
            head.head
        );
    }
}

#[test]
fn a_secret_in_an_upstream_url_is_not_written() {
    for url in [
        "http://127.0.0.1:1/mcp?key=canary-query",
        "http://user:canary-authorization@127.0.0.1:1/mcp",
    ] {
        let scratch = Scratch::new();
        let file = scratch.write(
            "propylon.yaml",
            &yaml(&[url.to_owned()], &[], &[]).replace("{listen}", "127.0.0.1:0"),
        );
        let mut command = Command::new(BINARY);
        command.args(["serve", "-c"]).arg(file);
        let mut process = Guarded::start(command);
        let status = process.wait(Duration::from_secs(10));
        let written = process.output().text();
        assert_eq!(
            status.and_then(|status| status.code()),
            Some(2),
            "{written}"
        );
        assert!(
            !SECRETS.iter().any(|secret| written.contains(secret)),
            "{written}"
        );
    }
}

#[test]
fn the_access_log_says_what_it_may() {
    let servers = crate::front::scripted(&["alpha"]);
    let proxy = serve_with(&crate::front::urls(&servers), &[], &[]);
    let (response, _) = post_json(
        proxy.address(),
        "/mcp",
        &[],
        &propylon_testkit::initialize(1),
    );
    let session = response
        .header("mcp-session-id")
        .expect("a session")
        .to_owned();
    post_json(
        proxy.address(),
        "/mcp?x=1",
        &[&format!("Mcp-Session-Id: {session}")],
        &message(),
    );
    let line = proxy.logged(|line| line["rpc_method"] == "tools/call");
    assert_eq!(line["rpc_name"], "login", "{line}");
    assert_eq!(
        (&line["method"], &line["status"], &line["route"]),
        (&json!("POST"), &json!(200), &json!("/mcp"))
    );
    assert_eq!(line["upstream"], "it", "{line}");
    assert!(
        line["instance"]
            .as_str()
            .is_some_and(|instance| instance.contains(&servers[0].1.address().to_string())),
        "{line}"
    );
    let keys = line["param_keys"].to_string();
    assert!(
        keys.contains("password") && keys.contains("nested"),
        "argument names, never values: {line}"
    );
    let fingerprint = line["session"].as_str().unwrap_or_default();
    assert!(
        fingerprint.len() == 16 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{line}"
    );
    for key in [
        "time",
        "request_id",
        "client",
        "era",
        "request_bytes",
        "response_bytes",
        "end",
    ] {
        assert!(!line[key].is_null(), "{key} in {line}");
    }
    assert!(!line.to_string().contains(&session), "{line}");
    proxy.stop();
}
