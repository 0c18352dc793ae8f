//! Streams that stay open, of a GET and of `subscriptions/listen`: counted apart from calls, and ended as whole ones.

use std::thread;
use std::time::Duration;

use propylon_testkit::{
    Answer, Ending, EventFeed, Events, Propylon, RawClient, Response, Upstream, eventually,
    get_sse, rpc,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::front::{metric, serve_with};

const SOON: Duration = Duration::from_secs(10);
const MODERN: &str = "MCP-Protocol-Version: 2026-07-28";

fn streaming() -> (Upstream, EventFeed) {
    let feed = EventFeed::new();
    let answering = feed.clone();
    (
        Upstream::start(move |_| Answer::stream(&answering, &[])),
        feed,
    )
}

/// A modern request whose answer is an event stream, if it is let through.
fn open(proxy: &Propylon, id: impl Into<Value>, method: &str, name: &str) -> (Response, Events) {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "raw", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let message = rpc(id, method, &json!({ "name": name, "_meta": meta }));
    let lines = [
        MODERN.to_owned(),
        format!("Mcp-Method: {method}"),
        format!("Mcp-Name: {name}"),
    ];
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let lines = if method == "tools/call" {
        &lines[..]
    } else {
        &lines[..2]
    };
    let mut client = RawClient::connect(proxy.address());
    client.post(proxy.address(), "/mcp", lines, &message);
    let response = client.read_head().expect("a head comes");
    let events = client.events(&response);
    (response, events)
}

fn listen(proxy: &Propylon, id: impl Into<Value>) -> (Response, Events) {
    open(proxy, id, "subscriptions/listen", "")
}

#[test]
fn a_subscription_ends_with_its_response() {
    for id in [json!(7), json!("listen \"1\" é")] {
        let (upstream, feed) = streaming();
        let mut proxy = serve_with(&[upstream.url("/mcp")], &[], &["drain: 300ms"]);
        let (response, mut events) = listen(&proxy, id.clone());
        assert_eq!(response.status, 200);
        feed.event("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\"}");
        events.next(SOON).expect("the stream flows");
        proxy.signal(Signal::TERM);
        let last = events.next(SOON).expect("a response comes");
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": id });
        let result = json!({ "resultType": "complete", "_meta": meta });
        assert_eq!(
            last.json(),
            json!({ "jsonrpc": "2.0", "id": id, "result": result })
        );
        assert_eq!(
            events.next(SOON).map(|event| event.text),
            Err(Ending::Complete)
        );
        let status = proxy.wait(SOON);
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
        let end = upstream.wait_for_end(&upstream.exchanges()[0], SOON);
        assert!(
            !matches!(end, propylon_testkit::End::Ours(_)),
            "the server is told too"
        );
    }
}

#[test]
fn a_stream_of_a_get_ends_as_a_whole_one_and_a_call_does_not() {
    let (upstream, feed) = streaming();
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &["drain: 300ms"]);
    let (_, mut get) = get_sse(proxy.address(), "/mcp", &[]);
    feed.event("1");
    get.next(SOON).expect("the stream flows");
    let (_, mut call) = open(&proxy, 1, "tools/call", "slow");
    proxy.signal(Signal::TERM);
    let ended = |events: &mut Events| events.next(SOON).map(|event| event.text);
    assert_eq!(ended(&mut get), Err(Ending::Complete));
    assert_eq!(ended(&mut call), Err(Ending::Reset), "its answer is owed");
}

#[test]
fn an_event_under_way_is_waited_for_but_not_for_long() {
    for is_finished in [true, false] {
        let (upstream, feed) = streaming();
        let proxy = serve_with(&[upstream.url("/mcp")], &[], &["drain: 300ms"]);
        let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
        feed.send("data: whole\n\ndata: ha");
        events.next(SOON).expect("the stream flows");
        proxy.signal(Signal::TERM);
        if is_finished {
            // Somewhere around the end of the grace: before it or behind it, the event comes whole.
            thread::sleep(Duration::from_millis(350));
            feed.send("lf\n\n");
            assert_eq!(
                events.next(SOON).map(|event| event.data()),
                Ok("half".to_owned())
            );
        }
        let expected = if is_finished {
            Ending::Complete
        } else {
            Ending::Reset
        };
        assert_eq!(events.next(SOON).map(|event| event.text), Err(expected));
    }
}

#[test]
fn subscriptions_are_counted_and_limited_apart_from_calls() {
    let (upstream, _feed) = streaming();
    let limits = "limits: { streams_per_client: 2 }";
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &[limits]);
    let open_now = |kind: &str| {
        metric(
            &proxy,
            "propylon_streams_open",
            &[&format!("kind=\"{kind}\"")],
        )
    };
    let calls: Vec<_> = (0..4)
        .map(|id| open(&proxy, id, "tools/call", "slow"))
        .collect();
    assert!(calls.iter().all(|(response, _)| response.status == 200));
    let mut staying = vec![listen(&proxy, 5), get_sse(proxy.address(), "/mcp", &[])];
    assert!(staying.iter().all(|(response, _)| response.status == 200));
    eventually("each to be counted by its kind", SOON, || {
        [open_now("call"), open_now("listen"), open_now("get")].map(f64::round) == [4.0, 1.0, 1.0]
    });
    let (refused, _) = listen(&proxy, 6);
    assert_eq!(
        (refused.status, refused.header("propylon-reason")),
        (503, Some("stream-limit"))
    );
    assert_eq!(
        open(&proxy, 7, "tools/call", "slow").0.status,
        200,
        "a call is let through"
    );
    staying.pop();
    eventually("the place of a closed stream to be free", SOON, || {
        listen(&proxy, 8).0.status == 200
    });
    drop((calls, staying));
    eventually("the ended ones to be counted", SOON, || {
        metric(&proxy, "propylon_streams_total", &["kind=\"call\""]) > 4.5
            && metric(&proxy, "propylon_streams_total", &["kind=\"listen\""]) > 1.5
    });
    proxy.stop();
}
