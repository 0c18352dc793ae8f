//! What is plain HTTP: health, metadata, framing, keep-alive, limits, what was exact on the wire.

use std::time::{Duration, Instant};

use propylon_testkit::{Ending, RawClient, post_json};
use serde_json::json;

use crate::stand::{SOON, Stand, call, initialize};

#[test]
fn health_answers_and_mints_nothing() {
    let stand = Stand::new(1);
    let mut client = RawClient::connect(stand.address());
    client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    let (response, body) = client.read();
    assert_eq!(
        (response.status, &body.json()["instance"]),
        (200, &json!("probe-1"))
    );
    assert_eq!(response.header("probe-instance"), Some("probe-1"));
    assert_eq!(response.header("mcp-session-id"), None);
    client.send("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.read_head().unwrap().status, 200);
    client.send("OPTIONS /mcp HTTP/1.1\r\nHost: a\r\n\r\n");
    let (options, _) = client.read();
    assert_eq!(options.status, 204);
    assert!(options.header("access-control-allow-origin").is_none());
    let sessions = stand.session("2025-11-25").call("sessions", json!({}));
    assert_eq!(
        (&sessions["health_requests"], &sessions["initialized"]),
        (&json!(2), &json!(1))
    );
}

#[test]
fn resource_metadata_shows_the_outside_as_it_arrived() {
    let stand = Stand::new(1);
    let mut client = RawClient::connect(stand.address());
    client.send(
        "GET /.well-known/oauth-protected-resource/x/mcp HTTP/1.1\r\nHost: m.example\r\nX-Forwarded-Proto: https\r\n\r\n",
    );
    let metadata = client.read().1.json();
    assert_eq!(metadata["resource"], "https://m.example/x/mcp");
    assert_eq!(
        metadata["dev.propylon/probe"]["request"]["lines"][0],
        "Host: m.example"
    );
}

#[test]
fn the_echo_is_exact() {
    let stand = Stand::new(1);
    let session = stand.session("2025-06-18");
    let body = call(
        "echo_request",
        json!({"padding": "y".repeat(100), "k": 1}),
        json!({"traceparent": "00-a-b-01"}),
    )
    .to_string();
    let mut client = RawClient::connect(stand.address());
    let (first, second) = body.split_at(20);
    let head = format!(
        "POST /any/where?x=1 HTTP/1.1\r\nhOsT: z\r\nMcp-Session-Id: {}\r\nX-B: 2\r\nx-a:  1 \r\nX-B: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        session.id
    );
    for n in 1..=2 {
        client.send(format!(
            "{head}{:x}\r\n{first}\r\n{:X};e=1\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        ));
        let (response, answer) = client.read();
        assert_eq!(response.status, 200, "{}", answer.text());
        let echo = answer.json()["result"]["structuredContent"].clone();
        assert_eq!(echo["request"]["target"], "/any/where?x=1");
        let lines: Vec<&str> = head
            .split("\r\n")
            .skip(1)
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(echo["request"]["lines"], json!(lines));
        assert_eq!(echo["request"]["headers"][3], json!(["x-a", "1"]));
        assert_eq!(
            (&echo["body"]["bytes"], &echo["body"]["framing"]),
            (&json!(body.len()), &json!("chunked"))
        );
        assert_eq!(echo["message"]["meta"]["traceparent"], "00-a-b-01");
        assert_eq!(echo["message"]["argument_bytes"]["padding"], 102);
        assert_eq!(echo["connection"]["request"], n);
        assert_eq!(echo["connection"]["peer"], client.local().to_string());
    }
}

#[test]
fn large_and_many_arguments_are_carried_or_refused() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    let echo = session.call("echo_request", json!({"padding": "z".repeat(10 << 20)}));
    assert!(echo["body"]["bytes"].as_u64().unwrap() > 10 << 20);
    assert!(echo["message"]["arguments"].get("padding").is_none());
    let header = format!("X-Long: {}", "h".repeat(64 << 10));
    let headers = session.headers();
    let (response, _) = post_json(
        stand.address(),
        "/mcp",
        &[&headers[0], &header],
        &call("whoami", json!({}), json!({})),
    );
    assert_eq!(response.status, 200);
}

#[test]
fn limits_are_said_and_kept() {
    let stand = Stand::limited(|limits| {
        limits.body_bytes_max = 1_000;
        limits.head_bytes_max = 2_000;
        limits.head_wait = Duration::from_millis(300);
        limits.sessions_max = 2;
    });
    let check = |request: String, status: u16| {
        let mut client = RawClient::connect(stand.address());
        client.send(request);
        let (response, body) = client.read();
        assert_eq!(response.status, status, "{}", body.text());
        assert!(body.json()["error"]["message"].is_string());
        assert_eq!(
            client.read_to_end().0,
            Ending::Fin,
            "the connection is closed in order"
        );
    };
    check(
        format!(
            "POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n{}",
            "x".repeat(1001)
        ),
        413,
    );
    check(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n".into(),
        413,
    );
    check(
        format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(2000)),
        431,
    );
    check("GET / HTTP/1.1\r\nX: ".into(), 408);
    check(
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n".into(),
        400,
    );
    check(
        "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]".into(),
        400,
    );
    check("nonsense\r\n\r\n".into(), 400);
    let first = stand.session("2025-11-25");
    let (_second, third) = (stand.session("2025-11-25"), stand.session("2025-11-25"));
    assert_eq!(
        first.post(&call("whoami", json!({}), json!({}))).0.status,
        404
    );
    assert_eq!(third.call("sessions", json!({}))["evicted"], 1);
}

#[test]
fn an_idle_connection_is_closed_after_the_keep_alive_time() {
    let stand = Stand::with(1, |options| options.keep_alive = Duration::from_millis(400));
    let mut client = RawClient::connect(stand.address());
    let began = Instant::now();
    client.send("GET /health HTTP/1.1\r\n\r\n");
    let (response, _) = client.read();
    assert_eq!(response.header("connection"), Some("keep-alive"));
    let (ending, at) = client.read_to_end();
    assert_eq!(ending, Ending::Fin);
    let idle = at.duration_since(began);
    assert!(
        idle >= Duration::from_millis(400) && idle < SOON,
        "{idle:?}"
    );
    let mut closing = RawClient::connect(stand.address());
    closing.send("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(closing.read().0.header("connection"), Some("close"));
    assert_eq!(closing.read_to_end().0, Ending::Fin);
}

#[test]
fn foreign_requests_are_told_from_the_checkers() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    post_json(
        stand.address(),
        "/mcp",
        &["User-Agent: prober/1"],
        &initialize("2025-11-25", "somebody"),
    );
    post_json(
        stand.address(),
        "/mcp",
        &["User-Agent: prober/2"],
        &json!({}),
    );
    let mut client = RawClient::connect(stand.address());
    client.send("GET /mcp HTTP/1.1\r\nUser-Agent: prober/3\r\n\r\n");
    assert_eq!(client.read().0.status, 400);
    let sessions = session.call("sessions", json!({}));
    assert_eq!(
        (&sessions["foreign"], &sessions["foreign_initialized"]),
        (&json!(3), &json!(1))
    );
    let agents: Vec<_> = sessions["foreign_recent"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["user_agent"])
        .collect();
    assert_eq!(agents, ["prober/1", "prober/2", "prober/3"]);
}
