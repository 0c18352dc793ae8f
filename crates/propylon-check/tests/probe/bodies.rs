//! Bodies and statuses on command.

use propylon_testkit::Ending;
use serde_json::json;

use crate::stand::{SOON, Stand, with_token};

#[test]
fn large_bodies_come_whole_in_every_framing() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    for framing in ["content-length", "chunked"] {
        let mut client = session.send("large", json!({"bytes": 5_000_000, "framing": framing}));
        let (response, body) = client.read();
        assert_eq!(
            response.header("content-length").is_some(),
            framing == "content-length"
        );
        let result = body.json()["result"].clone();
        assert_eq!(
            result["content"][0]["text"].as_str().unwrap().len(),
            5_000_000
        );
        assert_eq!(
            result["structuredContent"]["sha256"]
                .as_str()
                .unwrap()
                .len(),
            64
        );
    }
    let (_, mut events) = session.stream(
        "large",
        json!({"bytes": 1_000_000, "as": "sse", "prime": false}),
    );
    let (messages, ending) = events.drain(SOON);
    assert_eq!(ending, Ending::Complete);
    let last = messages.last().unwrap().json();
    assert_eq!(
        last["result"]["content"][0]["text"].as_str().unwrap().len(),
        1_000_000
    );
    assert_eq!(
        session.refused("large", json!({"bytes": (16 << 20) + 1}))["data"]["refused"],
        "disruptive"
    );
    assert_eq!(
        session.refused("large", json!({"bytes": (64 << 20) + 1}))["data"]["argument"],
        "bytes"
    );
    let (_, body) = session
        .send("large", with_token(json!({"bytes": 50 << 20})))
        .read();
    assert!(body.bytes.len() > 50 << 20);
}

#[test]
fn the_budget_refuses_what_does_not_fit() {
    let stand = Stand::limited(|limits| limits.held_bytes_max = 1 << 20);
    let session = stand.session("2025-11-25");
    assert_eq!(
        session.refused("large", json!({"bytes": 1 << 20}))["code"],
        -32603
    );
    assert_eq!(
        session.call("large", json!({"bytes": 1 << 18}))["bytes"],
        1 << 18
    );
    let (response, _) = session.post(&crate::stand::call(
        "echo_request",
        json!({"padding": "x".repeat(2 << 20)}),
        json!({}),
    ));
    assert_eq!(
        (response.status, response.header("retry-after")),
        (503, Some("1"))
    );
}

#[test]
fn any_status_can_be_had_with_its_body_and_headers() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let ask = |arguments| {
        modern.ask(
            "tools/call",
            json!({"name": "respond", "arguments": arguments}),
        )
    };
    for status in [400, 401, 403, 404, 405, 409, 413, 429, 431] {
        let headers = json!({"WWW-Authenticate": "Bearer resource_metadata=\"x\"", "Retry-After": "7", "Cache-Control": "no-store"});
        let (response, body) =
            ask(json!({"status": status, "headers": headers, "code": -32020, "data": [1]}));
        assert_eq!(response.status, status);
        assert_eq!(response.header("retry-after"), Some("7"));
        assert_eq!(
            response.header("www-authenticate"),
            Some("Bearer resource_metadata=\"x\"")
        );
        let error = &body.json()["error"];
        assert_eq!(
            (&error["code"], &error["data"]),
            (&json!(-32020), &json!({"instance": "probe-1", "data": [1]}))
        );
    }
    for refused in [
        json!({"status": 500}),
        json!({"status": 200, "headers": {"Set-Cookie": "a=b"}}),
        json!({"status": 200, "headers": {"X-A": "a\r\nb"}}),
        json!({"status": 302}),
        json!({"status": 200, "headers": {"Content-Length": "1"}}),
    ] {
        let (response, body) = ask(refused.clone());
        assert_eq!(
            (response.status, &body.json()["error"]["code"]),
            (200, &json!(-32602)),
            "{refused}"
        );
    }
    for (kind, type_of) in [
        ("empty", None),
        ("text", Some("text/plain; charset=utf-8")),
        ("html", Some("text/html; charset=utf-8")),
    ] {
        let (response, body) = ask(with_token(json!({"status": 503, "body": kind})));
        assert_eq!(
            (response.status, response.header("content-type")),
            (503, type_of)
        );
        assert_eq!(body.bytes.is_empty(), kind == "empty");
    }
    let (plain, body) = ask(
        json!({"status": 201, "body": "result", "content_type": "application/json; charset=utf-8"}),
    );
    assert_eq!(
        (plain.status, plain.header("content-type")),
        (201, Some("application/json; charset=utf-8"))
    );
    assert_eq!(body.json()["result"]["structuredContent"]["status"], 201);
}

#[test]
fn redirects_need_the_token() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let location = "http://127.0.0.1:1/inward";
    let ask = |arguments| {
        modern
            .ask(
                "tools/call",
                json!({"name": "redirect", "arguments": arguments}),
            )
            .0
    };
    assert_eq!(ask(json!({"location": location})).status, 200);
    let response = ask(with_token(json!({"location": location, "status": 308})));
    assert_eq!(
        (response.status, response.header("location")),
        (308, Some(location))
    );
}

#[test]
fn caches_and_compressors_have_something_to_bite_on() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let ask = || modern.ask("tools/call", json!({"name": "cacheable", "arguments": {}}));
    let ((first, one), (_, two)) = (ask(), ask());
    assert_eq!(first.header("cache-control"), Some("public, max-age=60"));
    assert!(first.header("etag").is_some());
    let serial = |body: &propylon_testkit::Body| {
        body.json()["result"]["structuredContent"]["serial"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(serial(&two), serial(&one) + 1);
    let text = modern.call("compressible", json!({"bytes": 1000}));
    assert_eq!(text["bytes"], 1000);
    let (_, mut events) = modern.stream(
        "compressible",
        json!({"bytes": 1000, "as": "sse", "events": 4}),
    );
    assert_eq!(events.drain(SOON).0.len(), 5);
}
