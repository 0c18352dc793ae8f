//! A legacy stream that lost its client goes on, and is resumed after the last event the client saw.

use propylon_testkit::{Ending, get_sse};
use serde_json::json;

use crate::stand::{SOON, Stand};

#[test]
fn a_dropped_stream_goes_on_and_is_resumed() {
    let stand = Stand::new(2);
    let session = stand.session("2025-11-25");
    let (_, mut events) = session.stream(
        "stream",
        json!({"events": 6, "interval_ms": 100, "key": "r", "prime": false}),
    );
    let first = events.next(SOON).unwrap();
    let id = first.id().unwrap().to_owned();
    drop(events);
    let seen = session.call("disconnects", json!({"key": "r", "wait_ms": 5000}));
    assert_eq!(seen["exchanges"][0]["outcome"], "continued");
    let headers = session.headers();
    let resume = format!("Last-Event-ID: {id}");
    let (response, mut resumed) = get_sse(stand.address(), "/mcp", &[&headers[0], &resume]);
    assert_eq!(response.status, 200);
    let (rest, ending) = resumed.drain(SOON);
    assert_eq!(
        (rest.len(), ending),
        (6, Ending::Complete),
        "five events and the result"
    );
    assert_eq!(rest[0].json()["params"]["data"]["n"], 2);
    assert_eq!(
        rest[5].json()["result"]["structuredContent"]["emissions"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    let ended = session.call("disconnects", json!({"key": "r"}));
    assert!(ended["exchanges"][0]["ended"].is_object());
    assert_eq!(session.call("executions", json!({"key": "r"}))["count"], 1);
    let (again, mut replayed) = get_sse(stand.address(), "/mcp", &[&headers[0], &resume]);
    assert_eq!(again.status, 200);
    assert_eq!(
        replayed.drain(SOON).0.len(),
        6,
        "a finished stream is replayed too"
    );
    assert_eq!(
        get_sse(stand.addresses[1], "/mcp", &[&headers[0], &resume])
            .0
            .status,
        404
    );
    assert_eq!(
        get_sse(
            stand.address(),
            "/mcp",
            &[&headers[0], "Last-Event-ID: x-1"]
        )
        .0
        .status,
        400
    );
}

#[test]
fn a_stream_whose_connection_the_server_ends_is_polled() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    let arguments = json!({"events": 4, "interval_ms": 50, "close_after": 2, "retry_ms": 10});
    let (_, mut events) = session.stream("stream", arguments);
    let (first, ending) = events.drain(SOON);
    assert_eq!(ending, Ending::Complete, "the connection ends in order");
    let last = first
        .iter()
        .filter_map(|event| event.id())
        .next_back()
        .unwrap()
        .to_owned();
    let headers = session.headers();
    let (_, mut resumed) = get_sse(
        stand.address(),
        "/mcp",
        &[&headers[0], &format!("Last-Event-ID: {last}")],
    );
    let (rest, _) = resumed.drain(SOON);
    assert_eq!(rest.len(), 3);
}
