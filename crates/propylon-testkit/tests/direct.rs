//! The testkit against itself: what the upstream is told to do is what the client sees, and the other way round.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use propylon_testkit::{
    Answer, End, Ending, EventFeed, Gate, Greeting, RawClient, Upstream, blackhole, get_sse,
    initialize, mcp_script, post_json, refusing, rpc,
};
use serde_json::json;

const SOON: Duration = Duration::from_secs(5);

#[test]
fn bytes_cross_as_they_are() {
    let upstream = Upstream::start(|_| {
        Answer::raw("HTTP/1.1 299 Odd\r\nX_y.z: 1\r\nContent-Length: 3\r\n\r\nabc")
    });
    let mut client = RawClient::connect(upstream.address());
    client.send("PUT /a?b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n");
    let (response, body) = client.read();
    assert_eq!(
        (
            response.status,
            response.header("x_y.z"),
            body.bytes.as_slice()
        ),
        (299, Some("1"), &b"abc"[..])
    );
    assert_eq!(body.ending, Ending::Complete);
    let seen = &upstream.wait_for(1, SOON)[0];
    assert_eq!(
        (seen.line(), seen.target(), seen.header("HOST")),
        ("PUT /a?b HTTP/1.1", "/a?b", Some("h"))
    );
    assert_eq!(
        (seen.body.as_slice(), seen.trailers.as_slice()),
        (&b"hi"[..], &b"X-T: 1\r\n\r\n"[..])
    );
    client.send("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(
        client.read().0.status,
        299,
        "the connection serves a second request"
    );
    assert_eq!(upstream.connections().len(), 1);
}

#[test]
fn an_event_arrives_when_it_is_sent() {
    let feed = EventFeed::new();
    let upstream = {
        let feed = feed.clone();
        Upstream::start(move |_| Answer::stream(&feed, &["X-One: 1"]))
    };
    let (response, mut events) = get_sse(upstream.address(), "/mcp", &[]);
    assert_eq!(
        (response.status, response.header("x-one")),
        (200, Some("1"))
    );
    for number in 0..3 {
        let sent = feed.event(&format!("{{\"n\":{number}}}"));
        let event = events.next(SOON).expect("the event comes");
        assert_eq!(event.json()["n"], number);
        assert!(event.at - sent < Duration::from_millis(100));
    }
    assert_eq!(
        events
            .next(Duration::from_millis(100))
            .map(|event| event.text),
        Err(Ending::Silence)
    );
    feed.cut();
    assert_eq!(
        events.next(SOON).map(|event| event.text),
        Err(Ending::Reset)
    );
}

#[test]
fn a_stream_that_ends_in_order_says_so_and_one_that_is_left_is_seen() {
    let feed = EventFeed::new();
    let upstream = {
        let feed = feed.clone();
        Upstream::start(move |_| Answer::stream(&feed, &[]))
    };
    let (_, mut events) = get_sse(upstream.address(), "/", &[]);
    feed.end();
    assert_eq!(
        events.next(SOON).map(|event| event.text),
        Err(Ending::Complete)
    );
    let (_, events) = get_sse(upstream.address(), "/", &[]);
    let left = Instant::now();
    drop(events);
    let seen = upstream.exchanges();
    let end = upstream.wait_for_end(&seen[1], SOON);
    assert!(
        matches!(end, End::Fin(_)) && end.at() - left < Duration::from_millis(200),
        "{end:?}"
    );
    let (_, events) = get_sse(upstream.address(), "/", &[]);
    events.into_client().abort();
    let end = upstream.wait_for_end(&upstream.exchanges()[2], SOON);
    assert!(matches!(end, End::Reset(_)), "{end:?}");
}

#[test]
fn connections_close_and_reset_on_command() {
    let upstream = Upstream::start(|exchange| match exchange.target() {
        "/close" => Answer::new().close(),
        "/reset" => Answer::new().reset(),
        _ => Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").close(),
    });
    for (target, ending) in [("/close", Ending::Fin), ("/reset", Ending::Reset)] {
        let mut client = RawClient::connect(upstream.address());
        client.send(format!("GET {target} HTTP/1.1\r\n\r\n"));
        assert_eq!(
            client.read_head().map(|head| head.status),
            Err(ending),
            "{target}"
        );
    }
    let mut client = RawClient::connect(upstream.address());
    let (_, body) = client.send("GET /half HTTP/1.1\r\n\r\n").read();
    assert_eq!((body.text().as_str(), body.ending), ("half", Ending::Fin));
    for (greeting, ending) in [
        (Greeting::Close, Ending::Fin),
        (Greeting::Reset, Ending::Reset),
    ] {
        upstream.greet(greeting);
        // A reset can come before the connect has returned.
        let end = match RawClient::try_connect(upstream.address()) {
            Ok(mut client) => client.read_to_end().0,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ending::Reset,
            Err(error) => panic!("{greeting:?}: {error}"),
        };
        assert_eq!(end, ending, "{greeting:?}");
    }
    upstream.greet(Greeting::Stall);
    let mut client = RawClient::connect(upstream.address());
    let head = client
        .send("GET / HTTP/1.1\r\n\r\n")
        .patience(Duration::from_millis(100))
        .read_head();
    assert_eq!(head.map(|head| head.status), Err(Ending::Silence));
}

#[test]
fn a_head_waits_behind_its_gate() {
    let gate = Gate::new();
    let upstream = {
        let gate = gate.clone();
        Upstream::start(move |_| Answer::new().until(&gate).bytes("HTTP/1.1 204 No\r\n\r\n"))
    };
    let mut client = RawClient::connect(upstream.address());
    client
        .send("GET / HTTP/1.1\r\n\r\n")
        .patience(Duration::from_millis(80));
    assert_eq!(
        client.read_head().map(|head| head.status),
        Err(Ending::Silence)
    );
    gate.open();
    assert_eq!(client.patience(SOON).read().0.status, 204);
}

#[test]
fn an_early_answer_comes_before_the_body_does() {
    let upstream = Upstream::start_early(|_| Some(Answer::sized(413, &[], "")), |_| Answer::new());
    let mut client = RawClient::connect(upstream.address());
    client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(client.read().0.status, 413);
}

#[test]
fn a_dead_upstream_refuses_and_comes_back_on_its_port() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "x"));
    let mut client = RawClient::connect(upstream.address());
    client.send("GET / HTTP/1.1\r\n\r\n").read();
    upstream.die();
    assert_eq!(client.read_to_end().0, Ending::Reset);
    assert!(TcpStream::connect(upstream.address()).is_err());
    upstream.revive();
    assert_eq!(
        RawClient::connect(upstream.address())
            .send("GET / HTTP/1.1\r\n\r\n")
            .read()
            .0
            .status,
        200
    );
}

#[test]
fn a_vanished_upstream_swallows_and_comes_back() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "x"));
    let gone = upstream.vanish();
    let swallowed = TcpStream::connect_timeout(&upstream.address(), Duration::from_millis(200));
    assert_eq!(
        swallowed.expect_err("nobody accepts").kind(),
        std::io::ErrorKind::TimedOut
    );
    drop(gone);
    upstream.revive();
    let mut client = RawClient::connect(upstream.address());
    assert_eq!(client.send("GET / HTTP/1.1\r\n\r\n").read().0.status, 200);
}

#[test]
fn an_idle_connection_is_closed_after_its_time() {
    let upstream = Upstream::start(|_| Answer::sized(200, &["Keep-Alive: timeout=1"], ""));
    upstream.close_idle_after(Duration::from_millis(200));
    let mut client = RawClient::connect(upstream.address());
    client.send("GET / HTTP/1.1\r\n\r\n").read();
    let start = Instant::now();
    let (ending, at) = client.read_to_end();
    assert_eq!(ending, Ending::Fin);
    assert!(
        (150..600).contains(&(at - start).as_millis()),
        "{:?}",
        at - start
    );
}

#[test]
fn closed_ports_are_closed() {
    let (address, _hold) = refusing();
    let refused = TcpStream::connect_timeout(&address, SOON).expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let (address, _hold) = blackhole();
    let start = Instant::now();
    let swallowed = TcpStream::connect_timeout(&address, Duration::from_millis(300))
        .expect_err("nobody accepts");
    assert_eq!(swallowed.kind(), std::io::ErrorKind::TimedOut);
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn the_canned_server_keeps_sessions() {
    let script = mcp_script("alpha");
    let upstream = {
        let script = script.clone();
        Upstream::start(move |exchange| script.answer(exchange))
    };
    let (response, body) = post_json(upstream.address(), "/mcp", &[], &initialize(1));
    assert_eq!(
        (
            response.status,
            &body.json()["result"]["serverInfo"]["name"]
        ),
        (200, &json!("alpha"))
    );
    let session = format!(
        "Mcp-Session-Id: {}",
        response
            .header("mcp-session-id")
            .expect("a session is minted")
    );
    let call = rpc("c", "tools/call", &json!({ "name": "whoami" }));
    let (response, body) = post_json(upstream.address(), "/mcp", &[&session], &call);
    assert_eq!((response.status, &body.json()["id"]), (200, &json!("c")));
    let (response, _) = post_json(
        upstream.address(),
        "/mcp",
        &["Mcp-Session-Id: other"],
        &call,
    );
    assert_eq!(response.status, 404);
}
