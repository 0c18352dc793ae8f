//! The 2024-11-05 transport: an endpoint event, POSTs answered 202, answers on the stream.

use propylon_testkit::{Ending, Events, get_sse, post_json};
use serde_json::{Value, json};

use crate::stand::{SOON, Stand, call, initialize, with_token};

fn open(stand: &Stand, path: &str) -> (Events, String) {
    let (response, mut events) = get_sse(stand.address(), path, &[]);
    assert_eq!(response.status, 200);
    let endpoint = events.next(SOON).unwrap();
    assert!(endpoint.text.starts_with("event: endpoint\n"));
    (events, endpoint.data())
}

fn send(stand: &Stand, endpoint: &str, message: &Value) {
    let (response, body) = post_json(stand.address(), endpoint, &[], message);
    assert_eq!((response.status, body.bytes.len()), (202, 0));
}

#[test]
fn a_whole_conversation() {
    let stand = Stand::new(2);
    let (mut events, endpoint) = open(&stand, "/weather/sse");
    assert!(
        endpoint.starts_with("/weather/messages?sessionId="),
        "{endpoint}"
    );
    send(
        &stand,
        &endpoint,
        &initialize("2024-11-05", "propylon-check"),
    );
    let initialized = events.next(SOON).unwrap();
    assert!(initialized.id().is_none());
    assert_eq!(
        initialized.json()["result"]["protocolVersion"],
        "2024-11-05"
    );
    send(
        &stand,
        &endpoint,
        &json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    );
    send(
        &stand,
        &endpoint,
        &call("echo_request", json!({"key": "e"}), json!({})),
    );
    let echo = events.next(SOON).unwrap().json()["result"]["structuredContent"].clone();
    assert_eq!(
        (&echo["transport"], &echo["request"]["target"]),
        (&json!("http-sse"), &json!(endpoint))
    );
    let elsewhere = post_json(
        stand.addresses[1],
        &endpoint,
        &[],
        &initialize("2024-11-05", "x"),
    );
    assert_eq!(elsewhere.0.status, 404);
    drop(events);
    propylon_testkit::eventually("the session is gone", SOON, || {
        post_json(
            stand.address(),
            &endpoint,
            &[],
            &json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        )
        .0
        .status
            == 404
    });
}

#[test]
fn events_and_refusals_come_on_its_stream() {
    let stand = Stand::new(1);
    let (mut events, endpoint) = open(&stand, "/sse");
    send(
        &stand,
        &endpoint,
        &call(
            "stream",
            json!({"events": 2, "interval_ms": 20}),
            json!({"progressToken": 1}),
        ),
    );
    assert_eq!(
        events.next(SOON).unwrap().json()["method"],
        "notifications/progress"
    );
    assert_eq!(events.next(SOON).unwrap().json()["params"]["progress"], 2);
    assert_eq!(
        events.next(SOON).unwrap().json()["result"]["structuredContent"]["emissions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    send(
        &stand,
        &endpoint,
        &call("respond", with_token(json!({"status": 500})), json!({})),
    );
    assert_eq!(events.next(SOON).unwrap().json()["error"]["code"], -32602);
}

#[test]
fn its_stream_can_be_cut() {
    let stand = Stand::new(1);
    let (mut events, endpoint) = open(&stand, "/sse?endpoint=relative");
    assert!(endpoint.starts_with("messages?sessionId="));
    send(
        &stand,
        &format!("/{endpoint}"),
        &call(
            "cut",
            with_token(json!({"when": "after-events", "events": 1})),
            json!({}),
        ),
    );
    let (seen, ending) = events.drain(SOON);
    assert_eq!((seen.len(), ending), (1, Ending::Fin));
}
