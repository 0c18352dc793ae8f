//! A quiet event stream shows a sign of life, and never where it could be taken for the server's word.

use std::thread;
use std::time::Duration;

use propylon_testkit::{
    Answer, Ending, EventFeed, Events, Propylon, RawClient, Upstream, eventually, get_sse, rpc,
};
use serde_json::json;

use crate::front::{metric, serve_with};

const SOON: Duration = Duration::from_secs(10);
/// Long enough for several comments, had they been allowed.
const A_WHILE: Duration = Duration::from_millis(600);
const COMMENT: &str = ": keepalive\n\n";

fn quiet(keepalive: &str, headers: &'static [&'static str]) -> (Propylon, Upstream, EventFeed) {
    let feed = EventFeed::new();
    let answering = feed.clone();
    let upstream = Upstream::start(move |_| Answer::stream(&answering, headers));
    let keepalive = format!("keepalive: {keepalive}");
    let proxy = serve_with(&[upstream.url("/mcp")], &[&keepalive], &[]);
    (proxy, upstream, feed)
}

fn comments(events: &mut Events, count: usize) {
    for _ in 0..count {
        let block = events.next_block(SOON).expect("a comment comes");
        assert_eq!(block.text, COMMENT);
    }
}

#[test]
fn every_stream_of_both_eras_is_kept_alive() {
    let modern = [
        "MCP-Protocol-Version: 2026-07-28",
        "Mcp-Method: subscriptions/listen",
    ];
    let legacy = ["MCP-Protocol-Version: 2025-11-25"];
    for (method, lines) in [("GET", &legacy[..]), ("POST", &legacy), ("POST", &modern)] {
        let (proxy, _upstream, feed) = quiet("100ms", &[]);
        let (response, mut events) = match method {
            "GET" => get_sse(proxy.address(), "/mcp", lines),
            _ => {
                let name = if lines == modern {
                    "subscriptions/listen"
                } else {
                    "tools/call"
                };
                let message = rpc(1, name, &json!({ "name": "x" }));
                let mut client = RawClient::connect(proxy.address());
                client.post(proxy.address(), "/mcp", lines, &message);
                let response = client.read_head().expect("the head comes before any event");
                let events = client.events(&response);
                (response, events)
            }
        };
        assert_eq!(response.status, 200, "{method}");
        comments(&mut events, 3);
        feed.event("1");
        assert_eq!(
            events.next(SOON).map(|event| event.data()),
            Ok("1".to_owned())
        );
        comments(&mut events, 2);
        feed.end();
        assert_eq!(
            events.next(SOON).map(|event| event.text),
            Err(Ending::Complete)
        );
        proxy.stop();
    }
}

#[test]
fn a_comment_is_never_put_inside_an_event() {
    let (proxy, _upstream, feed) = quiet("50ms", &[]);
    let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    let text = "id: 1\ndata: {\"a\":\ndata: 1}\n\nevent: message\r\ndata: \u{2615}\r\n\r\n";
    for byte in text.as_bytes() {
        feed.send([*byte]);
        thread::sleep(Duration::from_millis(60));
    }
    feed.end();
    let (_, ending) = events.drain(SOON);
    assert_eq!(ending, Ending::Complete);
    let raw = String::from_utf8_lossy(&events.raw).into_owned();
    let bare = raw.replace(": keepalive\r\n\r\n", COMMENT);
    let parts: Vec<_> = bare
        .split(COMMENT)
        .filter(|part| !part.is_empty())
        .collect();
    let [first, second] = parts[..] else {
        panic!("comments elsewhere than between the two events: {raw:?}");
    };
    assert_eq!(first.to_owned() + second, text, "{raw:?}");
    assert!(first.ends_with("1}\n\n"), "{raw:?}");
    proxy.stop();
}

#[test]
fn a_comment_has_the_line_ends_of_its_stream() {
    let (proxy, _upstream, feed) = quiet("100ms", &[]);
    let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    feed.send("data: 1\r\n\r\n");
    thread::sleep(A_WHILE);
    feed.send("data: 2\r\n\r\n");
    feed.end();
    assert_eq!(events.drain(SOON).1, Ending::Complete);
    let raw = String::from_utf8_lossy(&events.raw).into_owned();
    let after_first = raw.split_once("data: 1\r\n\r\n").map(|(_, rest)| rest);
    assert!(
        after_first.is_some_and(|rest| rest.starts_with(": keepalive\r\n\r\n")),
        "{raw:?}"
    );
    proxy.stop();
}

#[test]
fn a_byte_order_mark_behind_a_comment_costs_no_event() {
    for split in [1, 2, 3, 9] {
        let (proxy, _upstream, feed) = quiet("100ms", &[]);
        let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
        comments(&mut events, 1);
        let stream = "\u{feff}data: 1\n\n".as_bytes();
        feed.send(&stream[..split]);
        thread::sleep(Duration::from_millis(50));
        feed.send(&stream[split..]);
        feed.end();
        assert_eq!(events.drain(SOON).1, Ending::Complete);
        let mut parser = propylon_mcp::sse::Parser::new();
        let items = parser.push(&events.raw).expect("a stream");
        let found = items.iter().filter_map(|item| match item {
            propylon_mcp::sse::Item::Event(event) => Some(event.data.as_str()),
            propylon_mcp::sse::Item::Comment(_) => None,
        });
        assert_eq!(found.collect::<Vec<_>>(), ["1"], "split at {split}");
        proxy.stop();
    }
}

#[test]
fn nothing_is_put_where_nothing_fits() {
    let event = "data: 1\n\n";
    let sized = format!("Content-Length: {}", 2 * event.len());
    let coded = "Transfer-Encoding: chunked\r\nContent-Encoding: gzip".to_owned();
    let other = "Transfer-Encoding: chunked".to_owned();
    for (keepalive, media, framing) in [
        ("100ms", "text/event-stream", sized),
        ("100ms", "text/event-stream", coded),
        ("100ms", "application/json", other.clone()),
        ("off", "text/event-stream", other),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media}\r\n{framing}\r\n\r\n");
        let piece = match framing.starts_with("Content-Length") {
            true => event.to_owned(),
            false => format!("{:x}\r\n{event}\r\n", event.len()),
        };
        let last = if framing.starts_with("Content-Length") {
            ""
        } else {
            "0\r\n\r\n"
        };
        let upstream = Upstream::start(move |_| {
            let answer = Answer::new().bytes(format!("{head}{piece}")).wait(A_WHILE);
            answer.bytes(format!("{piece}{last}"))
        });
        let keepalive = format!("keepalive: {keepalive}");
        let proxy = serve_with(&[upstream.url("/mcp")], &[&keepalive], &[]);
        let (_, body) = crate::front::get(proxy.address(), "/mcp");
        assert_eq!(
            (body.text(), body.ending),
            (event.repeat(2), Ending::Complete),
            "{framing}"
        );
        assert!(metric(&proxy, "propylon_keepalive_comments_total", &[]) < 0.5);
        proxy.stop();
    }
}

#[test]
fn a_client_of_http_1_0_gets_them_bare() {
    let (proxy, _upstream, feed) = quiet("100ms", &[]);
    let mut client = RawClient::connect(proxy.address());
    client.send("GET /mcp HTTP/1.0\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n");
    let response = client.read_head().expect("the head comes first");
    assert_eq!(response.header("transfer-encoding"), None);
    let mut events = client.events(&response);
    comments(&mut events, 2);
    feed.event("1");
    feed.end();
    assert_eq!(
        events.next(SOON).map(|event| event.data()),
        Ok("1".to_owned())
    );
    proxy.stop();
}

#[test]
fn comments_are_counted_and_do_not_speak_for_the_upstream() {
    let (proxy, upstream, _feed) = {
        let feed = EventFeed::new();
        let answering = feed.clone();
        let upstream = Upstream::start(move |_| Answer::stream(&answering, &[]));
        let keys = ["keepalive: 100ms", "timeouts: { idle: 1500ms }"];
        (
            serve_with(&[upstream.url("/mcp")], &keys, &[]),
            upstream,
            feed,
        )
    };
    let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    comments(&mut events, 2);
    eventually("the comments to be counted", SOON, || {
        metric(&proxy, "propylon_keepalive_comments_total", &[]) > 1.5
    });
    assert_eq!(
        events.next(SOON).map(|event| event.text),
        Err(Ending::Reset)
    );
    let line = proxy.logged(|line| line["method"] == "GET");
    assert_eq!(line["reason"], "idle-timeout", "{line}");
    assert_eq!(
        line["response_bytes"], 0,
        "ours are not the server's: {line}"
    );
    drop(upstream);
    proxy.stop();
}
