//! Event streams and bodies flow as they come, end as they ended, and cost what they must.

use std::time::{Duration, Instant};

use propylon_testkit::{
    Answer, End, Ending, EventFeed, Gate, RawClient, Upstream, get_sse, post_json, rpc,
};
use serde_json::json;

use crate::front::serve_one;

const SOON: Duration = Duration::from_secs(5);

fn streaming(headers: &'static [&'static str]) -> (Upstream, EventFeed) {
    let feed = EventFeed::new();
    let answering = feed.clone();
    (
        Upstream::start(move |_| Answer::stream(&answering, headers)),
        feed,
    )
}

#[test]
fn an_event_leaves_when_it_arrives() {
    let (upstream, feed) = streaming(&[]);
    let proxy = serve_one(&upstream);
    let (response, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    assert_eq!(
        response.status, 200,
        "the head comes before the first event"
    );
    let mut delays: Vec<Duration> = (0..40)
        .map(|number| {
            let sent = feed.event(&format!("{{\"n\":{number}}}"));
            let event = events.next(SOON).expect("the event comes");
            assert_eq!(event.json()["n"], number);
            std::thread::sleep(Duration::from_millis(5));
            event.at - sent
        })
        .collect();
    delays.sort();
    assert!(
        delays[20] < Duration::from_millis(5) && delays[37] < Duration::from_millis(60),
        "{delays:?}"
    );
    feed.end();
    assert_eq!(
        events.next(SOON).map(|event| event.text),
        Err(Ending::Complete)
    );
    proxy.stop();
}

#[test]
fn the_bytes_of_a_stream_are_the_servers_own() {
    let (upstream, feed) = streaming(&[]);
    let proxy = serve_one(&upstream);
    let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    let text = ": hello\n\nid: 1\nretry: 3000\ndata\n\nevent: message\r\nid: 2\r\ndata: {\"a\":\ndata: 1}\r\n\r\nunknown: x\ndata: é☕\n\n";
    for piece in text.as_bytes().chunks(3) {
        feed.send(piece);
    }
    feed.end();
    let (_, ending) = events.drain(SOON);
    assert_eq!(ending, Ending::Complete);
    assert_eq!(String::from_utf8_lossy(&events.raw), text);
    proxy.stop();
}

#[test]
fn hops_ahead_are_told_not_to_buffer() {
    for (headers, expected) in [
        (&[][..], ("no", "no-cache, no-transform")),
        (
            &["Cache-Control: private, no-store", "X-Accel-Buffering: no"][..],
            ("no", "private, no-store"),
        ),
    ] {
        let (upstream, feed) = streaming(headers);
        let proxy = serve_one(&upstream);
        let (response, _events) = get_sse(proxy.address(), "/mcp", &["Accept-Encoding: gzip, br"]);
        assert_eq!(response.values("x-accel-buffering"), [expected.0]);
        assert_eq!(response.values("cache-control"), [expected.1]);
        assert_eq!(response.header("content-encoding"), None);
        assert_eq!(
            upstream.exchanges()[0].header("accept-encoding"),
            Some("gzip, br")
        );
        feed.end();
        proxy.stop();
    }
}

#[test]
fn a_client_that_leaves_is_told_within_a_tenth_of_a_second() {
    for abrupt in [false, true] {
        let (upstream, feed) = streaming(&[]);
        let proxy = serve_one(&upstream);
        let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
        feed.event("1");
        events.next(SOON).expect("the stream flows");
        let left = Instant::now();
        match abrupt {
            true => events.into_client().abort(),
            false => drop(events),
        }
        let end = upstream.wait_for_end(&upstream.exchanges()[0], SOON);
        let late = end.at() - left;
        assert!(
            !matches!(end, End::Ours(_)) && late < Duration::from_millis(100),
            "abrupt {abrupt}: {late:?}"
        );
        proxy.stop();
    }
}

#[test]
fn a_client_that_leaves_before_the_head_is_told_too() {
    let gate = Gate::new();
    let holding = gate.clone();
    let upstream = Upstream::start(move |_| {
        Answer::new()
            .until(&holding)
            .bytes("HTTP/1.1 204 No\r\n\r\n")
    });
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.post(
        proxy.address(),
        "/mcp",
        &[],
        &rpc(1, "tools/call", &json!({ "name": "slow" })),
    );
    let seen = upstream.wait_for(1, SOON);
    let left = Instant::now();
    drop(client);
    let end = upstream.wait_for_end(&seen[0], SOON);
    assert!(
        end.at() - left < Duration::from_millis(100),
        "{:?}",
        end.at() - left
    );
    proxy.stop();
}

#[test]
fn an_upstream_that_dies_mid_stream_is_not_a_clean_end() {
    let (upstream, feed) = streaming(&[]);
    let proxy = serve_one(&upstream);
    let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    feed.event("1");
    events.next(SOON).expect("the stream flows");
    feed.cut();
    assert_eq!(
        events.next(SOON).map(|event| event.text),
        Err(Ending::Reset),
        "cut by a reset"
    );
    let orderly = Upstream::start(|_| {
        Answer::stream_head(&[])
            .chunk("data: 1\n\n")
            .wait(Duration::from_millis(100))
            .close()
    });
    let proxy_of_orderly = serve_one(&orderly);
    let (_, mut events) = get_sse(proxy_of_orderly.address(), "/mcp", &[]);
    events.next(SOON).expect("the stream flows");
    assert_eq!(
        events.next(SOON).map(|event| event.text),
        Err(Ending::Reset),
        "closed without a last chunk"
    );
    let line = proxy_of_orderly.logged(|line| line["method"] == "GET");
    assert!(
        line["end"].as_str().is_some_and(|end| end != "complete"),
        "{line}"
    );
    proxy_of_orderly.stop();
    proxy.stop();
}

#[test]
fn two_clients_have_two_streams() {
    let feeds = [EventFeed::new(), EventFeed::new()];
    let answering = feeds.clone();
    let upstream = Upstream::start(move |exchange| {
        let number: usize = exchange
            .header("x-number")
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        Answer::stream(&answering[number], &[])
    });
    let proxy = serve_one(&upstream);
    let (_, mut first) = get_sse(proxy.address(), "/mcp", &["X-Number: 0"]);
    let (_, mut second) = get_sse(proxy.address(), "/mcp", &["X-Number: 1"]);
    feeds[0].event("first");
    feeds[1].event("second");
    assert_eq!(
        first.next(SOON).map(|event| event.data()),
        Ok("first".to_owned())
    );
    assert_eq!(
        second.next(SOON).map(|event| event.data()),
        Ok("second".to_owned())
    );
    assert_eq!(upstream.exchanges().len(), 2);
    proxy.stop();
}

#[test]
fn a_hundred_streams_of_one_client_are_all_served() {
    let (upstream, feed) = streaming(&[]);
    let proxy = serve_one(&upstream);
    let mut streams: Vec<_> = (0..100)
        .map(|_| get_sse(proxy.address(), "/mcp", &[]))
        .collect();
    assert!(streams.iter().all(|(response, _)| response.status == 200));
    let early = streams
        .iter_mut()
        .filter_map(|(_, events)| events.next(Duration::from_millis(1)).err());
    assert_eq!(
        early.filter(|ending| *ending == Ending::Silence).count(),
        100,
        "all stay open"
    );
    feed.event("1");
    let told = streams
        .iter_mut()
        .map(|(_, events)| events.next(Duration::from_millis(20)));
    let told = told.filter(Result::is_ok).count();
    assert_eq!(told, 1, "one feed has one reader");
    let (response, _) = post_json(
        proxy.address(),
        "/elsewhere",
        &[],
        &rpc(1, "ping", &json!({})),
    );
    assert_eq!(response.status, 404, "and requests still pass");
    proxy.stop();
}

#[test]
fn large_bodies_pass_both_ways_unharmed() {
    let body: Vec<u8> = (0..10_000_000_u32)
        .map(|number| b'a' + (number % 23) as u8)
        .collect();
    let answer = body.repeat(5);
    let expected = body.clone();
    let answered = answer.clone();
    let upstream = Upstream::start(move |exchange| match exchange.body == expected {
        true => Answer::sized(200, &["Content-Type: application/octet-stream"], &answered),
        false => Answer::sized(500, &[], "the body changed"),
    });
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client
        .send(format!(
            "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ))
        .send(&body);
    let (response, got) = client.read();
    assert_eq!(
        (response.status, got.bytes == answer),
        (200, true),
        "50 MB come back as they left"
    );
    client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in body.chunks(77_777) {
        client
            .send(format!("{:x}\r\n", piece.len()))
            .send(piece)
            .send("\r\n");
    }
    let (response, got) = client.send("0\r\n\r\n").read();
    assert_eq!(
        (response.status, got.bytes == answer),
        (200, true),
        "a chunked body is the same body"
    );
    proxy.stop();
}

#[test]
fn a_body_is_streamed_and_not_gathered() {
    let upstream = Upstream::start_early(|_| None, |_| Answer::sized(200, &[], ""));
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Type: application/octet-stream\r\nContent-Length: 200000\r\n\r\n");
    client.send("x".repeat(150_000));
    propylon_testkit::eventually("most of the unfinished body at the upstream", SOON, || {
        upstream
            .connections()
            .first()
            .is_some_and(|connection| connection.bytes.len() > 100_000)
    });
    let (response, _) = client.send("x".repeat(50_000)).read();
    assert_eq!(response.status, 200);
    proxy.stop();
}

#[test]
fn a_response_without_a_length_ends_with_its_connection() {
    let upstream = Upstream::start(|_| {
        Answer::raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end").close()
    });
    let proxy = serve_one(&upstream);
    let (_, body) = crate::front::get(proxy.address(), "/mcp");
    assert_eq!(body.text(), "to the end");
    assert!(
        matches!(body.ending, Ending::Complete | Ending::Fin),
        "{:?}",
        body.ending
    );
    proxy.stop();
}
