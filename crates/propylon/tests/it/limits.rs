//! Every limit and timeout refuses with its status, its reason and, where it is known, the request's id.

use std::time::{Duration, Instant};

use propylon_testkit::{
    Answer, Body, Ending, EventFeed, Gate, RawClient, Response, Upstream, blackhole, eventually,
    get_sse, post_json, rpc,
};
use serde_json::{Value, json};

use crate::front::{assert_refused, metric, serve_with};

const SOON: Duration = Duration::from_secs(5);

fn call(id: u32) -> Value {
    rpc(id, "tools/call", &json!({ "name": "x", "arguments": {} }))
}

fn ok() -> Upstream {
    Upstream::start(|exchange| Answer::result(&exchange.json()["id"], &json!({})))
}

/// Sends raw bytes on a connection of their own and reads the answer.
fn exchange(address: std::net::SocketAddr, bytes: &str) -> (Response, Body) {
    let mut client = RawClient::connect(address);
    let _ = client.try_send(bytes);
    client.patience(SOON).read()
}

fn reason(answer: &(Response, Body)) -> (u16, Option<&str>) {
    (answer.0.status, answer.0.header("propylon-reason"))
}

#[test]
fn a_body_over_the_limit_is_413() {
    let upstream = ok();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["limits: { body_bytes: 2KiB }"],
    );
    let address = proxy.address();
    let body = |bytes: usize| {
        let mut message = call(7);
        message["params"]["pad"] = json!("");
        let short = message.to_string().len();
        message["params"]["pad"] = json!("x".repeat(bytes - short));
        message
    };
    assert_eq!(
        post_json(address, "/mcp", &[], &body(2048)).0.status,
        200,
        "exactly the limit passes"
    );
    let over = post_json(address, "/mcp", &[], &body(2049));
    assert_eq!(reason(&over), (413, Some("body-limit")));
    assert!(over.1.json()["error"]["code"].is_i64(), "{}", over.1.text());
    let chunk = "x".repeat(1000);
    let chunks: String = (0..4).map(|_| format!("3e8\r\n{chunk}\r\n")).collect();
    let chunked = exchange(
        address,
        &format!(
            "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        ),
    );
    assert_eq!(reason(&chunked), (413, Some("body-limit")));
    assert_eq!(
        upstream.exchanges().len(),
        1,
        "no oversized request is ever whole at the server"
    );
    // An exchange is counted once its answer has been sent.
    eventually("both refusals to be counted", SOON, || {
        metric(&proxy, "propylon_refused_total", &["reason=\"body-limit\""]) == 2.0
    });
    proxy.stop();
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    let upstream = ok();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["limits: { body_bytes: 2KiB }"],
    );
    let answer = exchange(
        proxy.address(),
        "POST /mcp HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n",
    );
    assert_eq!(reason(&answer), (413, Some("body-limit")));
    assert_eq!(
        upstream
            .connections()
            .iter()
            .filter(|seen| !seen.bytes.is_empty())
            .count(),
        0
    );
    proxy.stop();
}

#[test]
fn heads_over_the_limits_are_431() {
    let upstream = ok();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["limits: { header_bytes: 8KiB, header_count: 20 }"],
    );
    let long = format!(
        "GET /mcp HTTP/1.1\r\nHost: h\r\nX-Long: {}\r\n\r\n",
        "x".repeat(9000)
    );
    assert_eq!(
        reason(&exchange(proxy.address(), &long)),
        (431, Some("header-limit"))
    );
    let many: String = (0..30).map(|number| format!("X-{number}: 1\r\n")).collect();
    let many = format!("GET /mcp HTTP/1.1\r\nHost: h\r\n{many}\r\n");
    assert_eq!(
        reason(&exchange(proxy.address(), &many)),
        (431, Some("header-limit"))
    );
    let target = format!("GET /mcp/{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(9000));
    let answer = exchange(proxy.address(), &target);
    assert!(matches!(answer.0.status, 414 | 431), "{}", answer.0.head);
    assert_eq!(upstream.exchanges().len(), 0);
    proxy.stop();
}

#[test]
fn a_head_that_takes_too_long_is_408() {
    let upstream = ok();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["timeouts: { header_read: 300ms }"],
    );
    let start = Instant::now();
    let answer = exchange(proxy.address(), "POST /mcp HTTP/1.1\r\nHost: h\r\nX-Unfin");
    assert_eq!(reason(&answer), (408, Some("client-header-timeout")));
    assert!(
        (250..1500).contains(&start.elapsed().as_millis()),
        "{:?}",
        start.elapsed()
    );
    proxy.stop();
}

#[test]
fn a_body_that_stops_coming_is_408() {
    let upstream = ok();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["timeouts: { body_idle: 300ms }"],
    );
    let answer = exchange(
        proxy.address(),
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n{\"jsonrpc\"",
    );
    assert_eq!(reason(&answer), (408, Some("client-body-timeout")));
    assert_eq!(upstream.exchanges().len(), 0);
    proxy.stop();
}

#[test]
fn an_idle_client_connection_is_closed_in_order() {
    let upstream = ok();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["timeouts: { keep_alive: 300ms }"],
    );
    let mut client = RawClient::connect(proxy.address());
    assert_eq!(
        client
            .post(proxy.address(), "/mcp", &[], &call(1))
            .read()
            .0
            .status,
        200
    );
    let start = Instant::now();
    let (ending, at) = client.patience(SOON).read_to_end();
    assert_eq!(ending, Ending::Fin);
    assert!(
        (200..1500).contains(&(at - start).as_millis()),
        "{:?}",
        at - start
    );
    proxy.stop();
}

#[test]
fn a_silent_call_is_504_with_its_id() {
    let upstream = Upstream::start(|_| Answer::new().until(&Gate::new()));
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &["timeouts: { response_head: 300ms }"],
        &[],
    );
    for id in [json!(5), json!("text-id")] {
        let message = rpc(id.clone(), "tools/call", &json!({ "name": "x" }));
        let answer = post_json(proxy.address(), "/mcp", &[], &message);
        assert_refused(&answer, 504, "response-timeout", &id);
    }
    let seen = upstream.exchanges();
    assert_eq!(seen.len(), 2, "a timed out call is not tried again");
    upstream.wait_for_end(&seen[0], SOON);
    // The client has its answer a moment before it is counted.
    let reason = ["reason=\"response-timeout\""];
    eventually("both calls to be counted", SOON, || {
        metric(&proxy, "propylon_refused_total", &reason) == 2.0
    });
    proxy.stop();
}

#[test]
fn a_stream_silent_for_too_long_is_cut() {
    for (key, at_least) in [("idle: 400ms", 350), ("stream: 600ms", 550)] {
        let feed = EventFeed::new();
        let answering = feed.clone();
        let upstream = Upstream::start(move |_| Answer::stream(&answering, &[]));
        let proxy = serve_with(
            &[upstream.url("/mcp")],
            &[&format!("timeouts: {{ {key} }}")],
            &[],
        );
        let start = Instant::now();
        let (response, mut events) = get_sse(proxy.address(), "/mcp", &[]);
        assert_eq!(response.status, 200);
        feed.event("1");
        events.next(SOON).expect("the stream flows");
        let ending = events.next(SOON).map(|event| event.text);
        assert_eq!(
            ending,
            Err(Ending::Reset),
            "{key}: a cut is not a clean end"
        );
        assert!(
            (at_least..3000).contains(&start.elapsed().as_millis()),
            "{key}: {:?}",
            start.elapsed()
        );
        upstream.wait_for_end(&upstream.exchanges()[0], SOON);
        let line = proxy.logged(|line| line["method"] == "GET");
        let reason = if key.starts_with("idle") {
            "idle-timeout"
        } else {
            "stream-timeout"
        };
        assert_eq!(line["reason"], reason, "{line}");
        proxy.stop();
    }
}

#[test]
fn an_unreachable_instance_is_503_soon() {
    let (address, _hold) = blackhole();
    let proxy = serve_with(
        &[format!("http://{address}/mcp")],
        &["timeouts: { connect: 300ms }"],
        &[],
    );
    let start = Instant::now();
    let answer = post_json(proxy.address(), "/mcp", &[], &call(6));
    assert_refused(&answer, 503, "upstream-unreachable", &json!(6));
    assert!(
        answer
            .0
            .header("retry-after")
            .is_some_and(|after| after.parse::<u32>().is_ok()),
        "{}",
        answer.0.head
    );
    assert!(
        (250..2500).contains(&start.elapsed().as_millis()),
        "{:?}",
        start.elapsed()
    );
    proxy.stop();
}

#[test]
fn streams_over_the_limits_are_503() {
    for limit in ["streams: 2", "streams_per_client: 2"] {
        let feed = EventFeed::new();
        let answering = feed.clone();
        let upstream = Upstream::start(move |exchange| match exchange.method() {
            "GET" => Answer::stream(&answering, &[]),
            _ => Answer::result(&exchange.json()["id"], &json!({})),
        });
        let proxy = serve_with(
            &[upstream.url("/mcp")],
            &[],
            &[&format!("limits: {{ {limit} }}")],
        );
        let first = get_sse(proxy.address(), "/mcp", &[]);
        let second = get_sse(proxy.address(), "/mcp", &[]);
        assert_eq!((first.0.status, second.0.status), (200, 200), "{limit}");
        let (third, _) = get_sse(proxy.address(), "/mcp", &[]);
        assert_eq!(
            (third.status, third.header("propylon-reason")),
            (503, Some("stream-limit")),
            "{limit}"
        );
        assert!(third.header("retry-after").is_some(), "{}", third.head);
        assert_eq!(
            exchange(proxy.address(), &plain_call()).0.status,
            200,
            "a call passes"
        );
        drop(first);
        eventually("the place of a closed stream to be free", SOON, || {
            get_sse(proxy.address(), "/mcp", &[]).0.status == 200
        });
        proxy.stop();
    }
}

/// A call as every client sends it, whose answer may be a stream.
fn plain_call() -> String {
    let body = call(1).to_string();
    let head = "POST /mcp HTTP/1.1\r\nHost: h\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn streams_that_begin_together_are_bounded_too() {
    let gate = Gate::new();
    let (holding, feed) = (gate.clone(), EventFeed::new());
    let streaming = feed.clone();
    let upstream = Upstream::start(move |_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        Answer::new().until(&holding).bytes(head).feed(&streaming)
    });
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &["limits: { streams: 3 }"]);
    let ask = |_| {
        let mut client = RawClient::connect(proxy.address());
        client.send("GET /mcp HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n");
        client
    };
    let mut clients: Vec<_> = (0..10).map(ask).collect();
    std::thread::sleep(Duration::from_millis(300));
    gate.open();
    let statuses: Vec<_> = clients
        .iter_mut()
        .map(|client| client.patience(SOON).read_head().map(|head| head.status))
        .collect();
    let open = metric(&proxy, "propylon_streams_open", &[]);
    assert!(
        open <= 3.0,
        "limits.streams is 3 and {open} are open; the answers were {statuses:?}"
    );
    proxy.stop();
}

#[test]
fn an_undeclared_stream_counts_as_well() {
    let feed = EventFeed::new();
    let streaming = feed.clone();
    let upstream = Upstream::start(move |_| Answer::stream(&streaming, &[]));
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &["limits: { streams: 2 }"]);
    let ask = |_| {
        let mut client = RawClient::connect(proxy.address());
        client.send("GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
        let head = client.patience(SOON).read_head().expect("an answer");
        (head.status, client)
    };
    let opened: Vec<_> = (0..5).map(ask).collect();
    let streaming = opened.iter().filter(|(status, _)| *status == 200).count();
    assert!(
        streaming <= 2,
        "limits.streams is 2; a client without an Accept header holds {streaming}"
    );
    proxy.stop();
}

#[test]
fn connections_over_the_limit_are_503() {
    let upstream = ok();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["limits: { connections: 4 }"],
    );
    let address = proxy.address();
    let mut held: Vec<_> = (0..4)
        .map(|_| {
            let mut client = RawClient::connect(address);
            assert_eq!(
                client.post(address, "/mcp", &[], &call(1)).read().0.status,
                200
            );
            client
        })
        .collect();
    let mut fifth = RawClient::connect(address);
    let _ = fifth.try_send(format!("GET /mcp HTTP/1.1\r\nHost: {address}\r\n\r\n"));
    let head = fifth
        .patience(SOON)
        .read_head()
        .expect("the refusal is said");
    assert_eq!(
        (head.status, head.header("propylon-reason")),
        (503, Some("connection-limit"))
    );
    held.truncate(2);
    eventually("a place to be free", SOON, || {
        let mut client = RawClient::connect(address);
        let _ = client.try_send(format!(
            "GET /mcp HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        ));
        client
            .patience(SOON)
            .read_head()
            .is_ok_and(|head| head.status == 200)
    });
    proxy.stop();
}

#[test]
fn a_client_that_reads_nothing_is_given_up() {
    let flood = "x".repeat(64 * 1024);
    let upstream = Upstream::start(move |_| {
        (0..400).fold(Answer::stream_head(&[]), |answer, _| {
            answer.chunk(format!("data: {flood}\n\n"))
        })
    });
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["timeouts: { write_idle: 500ms }"],
    );
    let mut client = RawClient::connect_narrow(proxy.address(), 4096);
    client.send("GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
    let seen = upstream.wait_for(1, SOON);
    upstream.wait_for_end(&seen[0], SOON);
    let line = proxy.logged(|line| line["method"] == "GET");
    assert_eq!(line["reason"], "client-write-timeout", "{line}");
    proxy.stop();
}
