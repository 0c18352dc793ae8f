//! Event streams: clocks, bursts, silence, heads that come at once or are held.

use std::time::{Duration, Instant};

use propylon_testkit::Ending;
use serde_json::{Value, json};

use crate::stand::{SOON, Stand, with_token};

/// The emissions of a stream that ended well, and its result.
fn take(events: &mut propylon_testkit::Events) -> (Vec<Value>, Value) {
    let (events, ending) = events.drain(SOON);
    assert_eq!(ending, Ending::Complete);
    let mut messages: Vec<Value> = events
        .iter()
        .map(propylon_testkit::Event::json)
        .filter(Value::is_object)
        .collect();
    let result = messages.pop().unwrap();
    let emissions = messages
        .iter()
        .map(|message| match message["params"]["message"].as_str() {
            Some(text) => serde_json::from_str(text).unwrap(),
            None => message["params"]["data"].clone(),
        })
        .collect();
    (emissions, result)
}

#[test]
fn every_event_carries_the_clock_the_result_lists() {
    let stand = Stand::new(1);
    let (response, mut events) = stand.modern().stream(
        "stream",
        json!({"events": 5, "interval_ms": 60, "size": 1000, "key": "s"}),
    );
    assert_eq!(response.header("x-accel-buffering"), Some("no"));
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    let (emissions, result) = take(&mut events);
    let listed = result["result"]["structuredContent"]["emissions"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!((emissions.len(), listed.len()), (5, 5));
    for (emission, listed) in emissions.iter().zip(&listed) {
        assert_eq!(
            (&emission["n"], &emission["at_ns"]),
            (&listed["n"], &listed["at_ns"])
        );
        assert_eq!(emission["pad"].as_str().unwrap().len(), 1000);
        assert!(listed["bytes"].as_u64().unwrap() > 1000);
        assert!(listed["written_ns"].as_u64() >= listed["at_ns"].as_u64());
    }
    let at = |index: usize| listed[index]["at_ns"].as_u64().unwrap();
    assert!(at(4) - at(0) >= 240_000_000);
    let head = result["result"]["structuredContent"]["head"]["at_ns"]
        .as_u64()
        .unwrap();
    assert!(head <= at(0));
}

#[test]
fn events_leave_when_they_are_emitted() {
    let stand = Stand::new(1);
    let session = stand.session("2025-06-18");
    let (response, mut events) = session.stream(
        "stream",
        json!({"events": 4, "interval_ms": 200, "first_delay_ms": 300, "accel_header": false}),
    );
    assert!(response.header("x-accel-buffering").is_none());
    let arrivals: Vec<Instant> = (0..4).map(|_| events.next(SOON).unwrap().at).collect();
    // Wide margins, for a loaded machine: what is held back comes all at once.
    assert!(arrivals[0].duration_since(response.at) >= Duration::from_millis(100));
    assert!(arrivals[3].duration_since(arrivals[0]) >= Duration::from_millis(300));
}

#[test]
fn bursts_comments_and_retry_are_as_asked() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    let arguments =
        json!({"events": 6, "burst": 3, "interval_ms": 300, "comment_ms": 100, "retry_ms": 1234});
    let (_, mut events) = session.stream("stream", arguments);
    let (_, ending) = events.drain(SOON);
    assert_eq!(ending, Ending::Complete);
    let text = String::from_utf8(events.raw.clone()).unwrap();
    assert!(
        text.starts_with("id: "),
        "the priming event comes first: {text}"
    );
    assert!(text.split("\n\n").next().unwrap().ends_with("\ndata: "));
    assert!(text.contains("retry: 1234\n\n"));
    let comments = text.matches(": still here\n\n").count();
    assert!((1..=3).contains(&comments), "{comments}");
    assert_eq!(text.matches("notifications/message").count(), 6);
}

#[test]
fn what_a_request_does_not_allow_is_not_sent() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let (response, body) = modern.ask(
        "tools/call",
        json!({"name": "stream", "arguments": {"events": 1}}),
    );
    assert_eq!(
        (response.status, &body.json()["error"]["code"]),
        (200, &json!(-32602))
    );
    let params = json!({"name": "stream", "arguments": {"events": 1}, "_meta": {"io.modelcontextprotocol/logLevel": "info"}});
    let mut client = modern.send("tools/call", params, &[]);
    let response = client.read_head().unwrap();
    assert_eq!(
        client.events(&response).next(SOON).unwrap().json()["method"],
        "notifications/message"
    );
}

#[test]
fn silence_is_silent_and_ends() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    let began = Instant::now();
    let (_, mut events) = session.stream("sleep", json!({"seconds": 2, "as": "sse"}));
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "the head comes at once"
    );
    let silence = events.next_block(Duration::from_millis(200));
    assert_eq!(silence.unwrap_err(), Ending::Silence);
    let (emissions, result) = take(&mut events);
    assert!(emissions.is_empty() && began.elapsed() >= Duration::from_secs(2));
    assert_eq!(
        result["result"]["structuredContent"]["slept_ns"],
        2_000_000_000
    );
    let (_, mut quiet) = session.stream(
        "quiet_stream",
        json!({"seconds": 0.3, "before": 2, "after": 1}),
    );
    let (emissions, _) = take(&mut quiet);
    let gap = emissions[2]["at_ns"].as_u64().unwrap() - emissions[1]["at_ns"].as_u64().unwrap();
    assert!(emissions.len() == 3 && gap >= 300_000_000);
    let slept = session.call("sleep", json!({"seconds": 0.2}));
    assert!(
        slept["answered"]["at_ns"].as_u64().unwrap() - slept["received"]["at_ns"].as_u64().unwrap()
            >= 200_000_000
    );
}

#[test]
fn a_head_is_held() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    for tool in ["hold_head", "stream"] {
        let began = Instant::now();
        let arguments = json!({"seconds": 0.3, "head_delay_ms": 300, "events": 1});
        let (_, mut events) = session.stream(tool, arguments);
        assert!(began.elapsed() >= Duration::from_millis(300), "{tool}");
        assert_eq!(take(&mut events).0.len(), 1);
    }
    assert_eq!(
        session.refused("hold_head", json!({"seconds": 6}))["data"]["refused"],
        "disruptive"
    );
    assert_eq!(
        session.refused("stream", json!({"head_delay_ms": 5001}))["data"]["refused"],
        "disruptive"
    );
    let mut held = session.send("hold_head", with_token(json!({"seconds": 6})));
    held.patience(Duration::from_millis(300));
    assert_eq!(held.read_head().unwrap_err(), Ending::Silence);
}

#[test]
fn a_stalled_reader_holds_its_own_stream_back_only() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let arguments = json!({"events": 40, "interval_ms": 0, "size": 1_000_000});
    let (_, mut stalled) = modern.stream("stream", arguments);
    for _ in 0..20 {
        let began = Instant::now();
        modern.call("whoami", json!({}));
        assert!(began.elapsed() < Duration::from_secs(2));
    }
    let (emissions, result) = take(&mut stalled);
    assert_eq!(emissions.len(), 40);
    let listed = result["result"]["structuredContent"]["emissions"]
        .as_array()
        .unwrap()
        .clone();
    let pressed =
        |one: &Value| one["written_ns"].as_u64().unwrap() - one["at_ns"].as_u64().unwrap();
    assert!(
        listed.iter().map(pressed).max().unwrap() > 1_000_000,
        "back pressure shows"
    );
}
