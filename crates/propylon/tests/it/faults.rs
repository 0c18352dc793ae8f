//! Broken and hostile peers on both sides: each is answered as itself and harms nobody else.

use std::thread;
use std::time::{Duration, Instant};

use propylon_testkit::{
    Answer, Ending, EventFeed, Gate, RawClient, Upstream, eventually, initialize, post_json, rpc,
};
use serde_json::{Value, json};

use crate::front::{assert_refused, scripted, serve, serve_one, serve_with, urls};

const SOON: Duration = Duration::from_secs(5);

fn call(id: u32) -> Value {
    rpc(
        id,
        "tools/call",
        &json!({ "name": "slow", "arguments": {} }),
    )
}

fn answering(bytes: &'static [u8]) -> Upstream {
    Upstream::start(move |_| Answer::raw(bytes).close())
}

#[test]
fn an_instance_killed_before_a_call() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve(&urls(&servers));
    servers[0].1.die();
    for id in 0..10 {
        let (response, body) = post_json(
            proxy.address(),
            "/mcp",
            &[
                "MCP-Protocol-Version: 2026-07-28",
                "Mcp-Method: tools/call",
                "Mcp-Name: slow",
            ],
            &call(id),
        );
        assert_eq!(response.status, 200, "{}", body.text());
    }
    assert_eq!(servers[1].1.exchanges().len(), 10);
    proxy.stop();
}

#[test]
fn an_instance_killed_during_a_call() {
    let upstream = Upstream::start(|_| Answer::new().until(&Gate::new()));
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.post(proxy.address(), "/mcp", &[], &call(4));
    upstream.wait_for(1, SOON);
    upstream.die();
    assert_refused(&client.read(), 502, "upstream-closed", &json!(4));
    assert_eq!(upstream.exchanges().len(), 1);
    let answer = post_json(proxy.address(), "/mcp", &[], &call(5));
    assert_refused(&answer, 502, "upstream-refused", &json!(5));
    upstream.revive();
    let mut client = RawClient::connect(proxy.address());
    client.post(proxy.address(), "/mcp", &[], &call(6));
    upstream.wait_for(2, SOON);
    proxy.stop();
}

#[test]
fn an_instance_killed_while_it_streams_a_call() {
    let feed = EventFeed::new();
    let answering = feed.clone();
    let upstream = Upstream::start(move |_| Answer::stream(&answering, &[]));
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.post(proxy.address(), "/mcp", &[], &call(4));
    let response = client.read_head().expect("the stream opens");
    let mut events = client.events(&response);
    feed.event("{\"progress\":1}");
    assert_eq!(
        events
            .next(SOON)
            .map(|event| event.json()["progress"].clone()),
        Ok(json!(1))
    );
    upstream.die();
    assert_eq!(
        events.next(SOON).map(|event| event.text),
        Err(Ending::Reset)
    );
    proxy.stop();
}

#[test]
fn an_instance_killed_after_a_call() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve(&urls(&servers));
    let (response, body) = post_json(proxy.address(), "/mcp", &[], &initialize(1));
    let session = format!(
        "Mcp-Session-Id: {}",
        response.header("mcp-session-id").expect("a session")
    );
    let owner = servers
        .iter()
        .find(|(script, _)| body.json()["result"]["serverInfo"]["name"] == script.name.as_str());
    assert_eq!(
        post_json(proxy.address(), "/mcp", &[&session], &call(2))
            .0
            .status,
        200
    );
    owner.expect("one of the two").1.die();
    let answer = post_json(proxy.address(), "/mcp", &[&session], &call(3));
    assert_refused(&answer, 404, "session-lost", &json!(3));
    assert_eq!(
        post_json(proxy.address(), "/mcp", &[], &initialize(4))
            .0
            .status,
        200
    );
    proxy.stop();
}

#[test]
fn a_response_that_is_none_is_502() {
    let cases: [(&str, &'static [u8]); 9] = [
        (
            "garbage",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n",
        ),
        ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n"),
        ("a status that is no number", b"HTTP/1.1 abc OK\r\n\r\n"),
        (
            "a header without a colon",
            b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        ),
        (
            "two lengths",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        ),
        (
            "a negative length",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        ),
        (
            "length and chunks",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "a folded header",
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "a NUL in a header",
            b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n",
        ),
    ];
    for (what, bytes) in cases {
        let upstream = answering(bytes);
        let proxy = serve_one(&upstream);
        let answer = post_json(proxy.address(), "/mcp", &[], &call(8));
        eprintln!("{what}: {}", answer.0.status);
        assert_refused(&answer, 502, "upstream-response-invalid", &json!(8));
        assert_eq!(upstream.exchanges().len(), 1, "{what}");
        proxy.stop();
    }
}

#[test]
fn an_oversized_response_head_is_502() {
    let upstream = Upstream::start(|_| {
        Answer::raw(format!(
            "HTTP/1.1 200 OK\r\nX-Big: {}\r\nContent-Length: 0\r\n\r\n",
            "x".repeat(2_000_000)
        ))
        .close()
    });
    let proxy = serve_one(&upstream);
    let answer = post_json(proxy.address(), "/mcp", &[], &call(8));
    assert_refused(&answer, 502, "upstream-response-invalid", &json!(8));
    proxy.stop();
}

#[test]
fn half_a_head_is_502_and_half_a_body_is_cut() {
    let upstream = answering(b"HTTP/1.1 200 OK\r\nContent-Ty");
    let proxy = serve_one(&upstream);
    let (response, _) = post_json(proxy.address(), "/mcp", &[], &call(8));
    assert_eq!(response.status, 502, "{}", response.head);
    proxy.stop();
    for half in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    ] {
        let upstream =
            Upstream::start(move |_| Answer::raw(half).wait(Duration::from_millis(100)).close());
        let proxy = serve_one(&upstream);
        let (response, body) = post_json(proxy.address(), "/mcp", &[], &call(8));
        assert_eq!(
            (response.status, body.ending),
            (200, Ending::Reset),
            "{}",
            body.text()
        );
        proxy.stop();
    }
}

#[test]
fn a_body_longer_than_its_length_poisons_no_one() {
    let upstream = Upstream::start(|exchange| {
        let id = exchange.json()["id"].clone();
        Answer::result(&id, &json!({})).bytes("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nevil...")
    });
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &["workers: 1"]);
    for id in 0..10 {
        let (response, body) = post_json(proxy.address(), "/mcp", &[], &call(id));
        assert_eq!(
            (response.status, &body.json()["id"]),
            (200, &json!(id)),
            "{}",
            body.text()
        );
        thread::sleep(Duration::from_millis(5));
    }
    proxy.stop();
}

#[test]
fn two_hundred_slow_readers_cost_bounded_memory_and_delay_nobody() {
    let feed = EventFeed::new();
    let streaming = feed.clone();
    let flood = "x".repeat(64 * 1024);
    let upstream = Upstream::start(move |exchange| match exchange.target() {
        "/mcp/flood" => (0..400).fold(Answer::stream_head(&[]), |answer, _| {
            answer.chunk(format!("data: {flood}\n\n"))
        }),
        "/mcp/live" => Answer::stream(&streaming, &[]),
        _ => Answer::result(&exchange.json()["id"], &json!({})),
    });
    let proxy = serve_one(&upstream);
    let address = proxy.address();
    let before = proxy.resident_bytes();
    let mut readers: Vec<_> = (0..200)
        .map(|_| {
            let mut client = RawClient::connect_narrow(address, 4096);
            client.send(format!(
                "GET /mcp/flood HTTP/1.1\r\nHost: {address}\r\n\r\n"
            ));
            client
        })
        .collect();
    upstream.wait_for(200, Duration::from_secs(20));
    let mut live = RawClient::connect(address);
    live.send(format!("GET /mcp/live HTTP/1.1\r\nHost: {address}\r\n\r\n"));
    let response = live.read_head().expect("a stream opens beside them");
    let mut events = live.events(&response);
    thread::sleep(Duration::from_secs(1));
    let mut late = Vec::new();
    for number in 0..20 {
        let sent = feed.event("1");
        late.push(events.next(SOON).expect("the event comes").at - sent);
        assert_eq!(post_json(address, "/mcp", &[], &call(number)).0.status, 200);
        thread::sleep(Duration::from_millis(20));
    }
    // A hiccup of a busy machine delays one event; a proxy that starves its streams delays them all.
    late.sort_unstable();
    assert!(
        late[late.len() / 2] < Duration::from_millis(150),
        "the events came late: {late:?}"
    );
    let grown = proxy.resident_bytes().saturating_sub(before);
    // 200 × 25 MB would be 5 GB; what is held is a few buffers a stream.
    assert!(
        grown < 200 * 256 * 1024,
        "200 stalled readers of 25 MB each cost {} KiB",
        grown / 1024
    );
    for reader in &mut readers {
        let response = reader.read_head().expect("the head came long ago");
        assert_eq!(response.status, 200);
    }
    proxy.stop();
}

#[test]
fn a_client_of_one_byte_a_second_is_served_or_refused_and_blocks_nobody() {
    let servers = scripted(&["alpha"]);
    let proxy = serve_with(
        &urls(&servers),
        &[],
        &["timeouts: { header_read: 3s }", "workers: 1"],
    );
    let address = proxy.address();
    let slow = thread::spawn(move || {
        let mut client = RawClient::connect(address);
        client.send_slowly("POST /mcp HTTP/1.1\r\n", Duration::from_secs(1));
        client.read_head().map(|head| {
            (
                head.status,
                head.header("propylon-reason").map(str::to_owned),
            )
        })
    });
    let patient = thread::spawn(move || {
        let body = rpc(1, "ping", &json!({})).to_string();
        let mut client = RawClient::connect(address);
        client.send(format!(
            "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ));
        client.send_slowly(&body, Duration::from_millis(100));
        client.read().0.status
    });
    for id in 0..30 {
        let start = Instant::now();
        assert_eq!(post_json(address, "/mcp", &[], &call(id)).0.status, 200);
        assert!(
            start.elapsed() < Duration::from_millis(200),
            "{:?}",
            start.elapsed()
        );
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(patient.join().expect("the client runs"), 200);
    assert_eq!(
        slow.join().expect("the client runs"),
        Ok((408, Some("client-header-timeout".to_owned())))
    );
    proxy.stop();
}

#[test]
fn a_client_that_leaves_mid_body_reaches_nobody_as_a_whole_request() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "reached"));
    let proxy = serve_one(&upstream);
    for abrupt in [false, true] {
        let mut client = RawClient::connect(proxy.address());
        client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf");
        thread::sleep(Duration::from_millis(100));
        if abrupt { client.abort() } else { drop(client) }
    }
    eventually("upstream connections to be given up", SOON, || {
        upstream
            .connections()
            .iter()
            .all(|connection| connection.end.is_some() || connection.bytes.is_empty())
    });
    assert_eq!(upstream.exchanges().len(), 0);
    proxy.stop();
}

#[test]
fn an_early_answer_is_passed_on_while_the_body_still_comes() {
    let upstream = Upstream::start_early(
        |_| Some(Answer::sized(401, &["WWW-Authenticate: Bearer"], "no")),
        |_| Answer::new(),
    );
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client
        .send("POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
        .send("x".repeat(200_000));
    let (response, body) = client.patience(SOON).read();
    assert_eq!((response.status, body.text().as_str()), (401, "no"));
    proxy.stop();
}
