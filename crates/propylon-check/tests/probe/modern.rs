//! The modern era: headers held to the body, no sessions, subscriptions, tasks, cancellation.

use std::time::Duration;

use propylon_testkit::{Ending, RawClient, post_json};
use serde_json::{Value, json};

use crate::stand::{Modern, SOON, Stand};

#[test]
fn discovery_and_lists_say_how_long_they_keep() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let (_, body) = modern.ask("server/discover", json!({}));
    let result = &body.json()["result"];
    assert_eq!(
        (&result["resultType"], &result["supportedVersions"][0]),
        (&json!("complete"), &json!("2026-07-28"))
    );
    assert_eq!(
        result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "propylon-probe"
    );
    assert!(result["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"].is_object());
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "probe://clock"})),
    ] {
        let result = modern.ask(method, params).1.json()["result"].clone();
        assert!(
            result["ttlMs"].is_u64() && result["cacheScope"].is_string(),
            "{method}"
        );
    }
    assert_eq!(
        modern
            .ask("resources/read", json!({"uri": "probe://clock"}))
            .1
            .json()["result"]["ttlMs"],
        0
    );
}

#[test]
fn statuses_and_codes_are_the_specifications() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let check = |headers: &[&str], message: &Value, expected: (u16, i64)| {
        let (response, body) = post_json(stand.address(), "/mcp", headers, message);
        assert_eq!(
            (
                response.status,
                body.json()["error"]["code"].as_i64().unwrap()
            ),
            expected,
            "{headers:?} {}",
            body.text()
        );
        assert_eq!(body.json()["id"], 7);
    };
    let version = "MCP-Protocol-Version: 2026-07-28";
    let call = modern.request("tools/call", json!({"name": "whoami"}));
    check(&[version, "Mcp-Method: tools/call"], &call, (400, -32020));
    check(
        &["Mcp-Method: tools/call", "Mcp-Name: whoami"],
        &call,
        (400, -32020),
    );
    check(
        &[version, "Mcp-Method: tools/call", "Mcp-Name: other"],
        &call,
        (400, -32020),
    );
    check(
        &[
            version,
            "Mcp-Method: tools/call",
            "Mcp-Name: whoami",
            "Mcp-Name: whoami",
        ],
        &call,
        (400, -32020),
    );
    check(
        &[
            "MCP-Protocol-Version: 2025-11-25",
            "Mcp-Method: tools/call",
            "Mcp-Name: whoami",
        ],
        &call,
        (400, -32020),
    );
    let unknown = modern.request("no/such", json!({}));
    check(&[version, "Mcp-Method: no/such"], &unknown, (404, -32601));
    let mut future = modern.request("tools/list", json!({}));
    future["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    check(
        &["MCP-Protocol-Version: 2099-01-01", "Mcp-Method: tools/list"],
        &future,
        (400, -32022),
    );
    let mut bare = modern.request("tools/list", json!({}));
    bare["params"]["_meta"]
        .as_object_mut()
        .unwrap()
        .remove("io.modelcontextprotocol/clientCapabilities");
    check(&[version, "Mcp-Method: tools/list"], &bare, (400, -32602));
    let mut get = RawClient::connect(stand.address());
    get.send("GET /mcp HTTP/1.1\r\nMCP-Protocol-Version: 2026-07-28\r\n\r\n");
    assert_eq!(get.read().0.status, 405);
}

#[test]
fn parameters_are_mirrored() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let params =
        json!({"name": "echo_request", "arguments": {"region": "Hello, 世界", "user_id": "u"}});
    let ok = [
        "mcp-param-region: =?base64?SGVsbG8sIOS4lueVjA==?=",
        "Mcp-Param-user_id: u",
        "Mcp-Param-Unknown: x",
    ];
    let (response, body) = modern.send("tools/call", params.clone(), &ok).read();
    assert_eq!(response.status, 200, "{}", body.text());
    let echo = &body.json()["result"]["structuredContent"];
    assert!(
        echo["request"]["lines"]
            .as_array()
            .unwrap()
            .contains(&json!("Mcp-Param-Unknown: x"))
    );
    for headers in [
        &ok[1..],
        &ok[..1],
        &["Mcp-Param-Region: Hello", "Mcp-Param-user_id: u"],
    ] {
        let (response, body) = modern.send("tools/call", params.clone(), headers).read();
        assert_eq!(
            (response.status, &body.json()["error"]["code"]),
            (400, &json!(-32020)),
            "{headers:?}"
        );
    }
}

#[test]
fn closing_the_stream_is_the_cancellation() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    for (key, abort, how) in [("fin", false, "fin"), ("rst", true, "rst")] {
        let (_, mut events) = modern.stream(
            "stream",
            json!({"events": 3, "interval_ms": 60_000, "key": key}),
        );
        assert!(events.next(SOON).is_ok());
        assert_eq!(
            modern.call("disconnects", json!({"key": key}))["seen"],
            false
        );
        let client = events.into_client();
        if abort {
            client.abort()
        } else {
            drop(client)
        }
        let seen = modern.call("disconnects", json!({"key": key, "wait_ms": 5000}));
        let exchange = &seen["exchanges"][0];
        assert_eq!(
            (&exchange["outcome"], &exchange["disconnect"]["how"]),
            (&json!("cancelled"), &json!(how))
        );
        assert_eq!(exchange["disconnect"]["phase"], "streaming");
        assert!(exchange["disconnect"]["after_ns"].as_u64().unwrap() < 5_000_000_000);
    }
    drop(modern.send(
        "tools/call",
        json!({"name": "sleep", "arguments": {"seconds": 60, "key": "quiet"}}),
        &[],
    ));
    let seen = modern.call("disconnects", json!({"key": "quiet", "wait_ms": 5000}));
    assert_eq!(seen["exchanges"][0]["disconnect"]["phase"], "before-head");
    assert_eq!(
        modern.call("executions", json!({"key": "quiet"}))["count"],
        1
    );
}

#[test]
fn a_subscription_is_acknowledged_fed_and_ended() {
    let stand = Stand::new(1);
    let modern = stand.modern();
    let stream = json!({"dev.propylon/stream": {"events": 2, "interval_ms": 30, "first_delay_ms": 200, "comment_ms": 40, "seconds": 1}});
    let params = json!({
        "notifications": {"toolsListChanged": true, "resourceSubscriptions": ["probe://clock"]},
        "_meta": stream,
    });
    let mut client = modern.send("subscriptions/listen", params, &[]);
    let response = client.read_head().unwrap();
    assert_eq!(response.header("x-accel-buffering"), Some("no"));
    let mut events = client.events(&response);
    let acknowledged = events.next_block(SOON).unwrap().json();
    assert_eq!(
        acknowledged["method"],
        "notifications/subscriptions/acknowledged"
    );
    assert_eq!(
        acknowledged["params"]["notifications"]["resourceSubscriptions"],
        json!(["probe://clock"])
    );
    assert!(events.next_block(SOON).unwrap().is_comment());
    assert_eq!(
        modern.call("notify", json!({"target": "subscriptions"}))["streams"],
        1
    );
    let (notifications, ending) = events.drain(SOON);
    assert_eq!(ending, Ending::Complete);
    assert_eq!(
        notifications.len(),
        4,
        "one from notify, two of its own, and the result"
    );
    for event in &notifications[..3] {
        let params = &event.json()["params"];
        assert_eq!(params["_meta"]["io.modelcontextprotocol/subscriptionId"], 7);
        assert!(params["_meta"]["dev.propylon/emission"]["at_ns"].is_u64());
        assert!(event.id().is_none());
    }
    let result = notifications[3].json();
    assert_eq!(
        result["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"],
        7
    );
    assert_eq!(modern.call("sessions", json!({}))["listen_streams"], 0);
}

#[test]
fn what_was_not_asked_for_is_not_sent() {
    let stand = Stand::new(1);
    let stream = json!({"dev.propylon/stream": {"events": 2, "interval_ms": 1, "seconds": 0.3}});
    let params = json!({"notifications": {"promptsListChanged": true}, "_meta": stream});
    let mut client = stand.modern().send("subscriptions/listen", params, &[]);
    let response = client.read_head().unwrap();
    let (events, _) = client.events(&response).drain(SOON);
    assert_eq!(events.len(), 2, "acknowledgement and result");
}

#[test]
fn tasks_live_where_they_were_made() {
    let stand = Stand::new(2);
    let plain = stand
        .modern()
        .ask("tools/call", json!({"name": "task", "arguments": {}}));
    assert_eq!(plain.1.json()["error"]["code"], -32021);
    let modern = stand.modern().with_tasks();
    let (_, body) = modern.ask(
        "tools/call",
        json!({"name": "task", "arguments": {"seconds": 0.2, "input": true, "key": "t"}}),
    );
    let handle = body.json()["result"].clone();
    assert_eq!(
        (&handle["resultType"], &handle["status"]),
        (&json!("task"), &json!("input_required"))
    );
    let id = handle["taskId"].as_str().unwrap();
    let get = || modern.ask("tasks/get", json!({"taskId": id})).1.json()["result"].clone();
    assert_eq!(
        get()["inputRequests"]["confirm"]["method"],
        "elicitation/create"
    );
    let elsewhere = Modern {
        address: stand.addresses[1],
        extensions: modern.extensions.clone(),
    };
    let (_, lost) = elsewhere.ask("tasks/get", json!({"taskId": id}));
    assert_eq!(lost.json()["error"]["message"], "unknown task");
    assert_eq!(lost.json()["error"]["data"]["instance"], "probe-2");
    let answers = json!({"taskId": id, "inputResponses": {"confirm": {"action": "accept", "content": {"yes": true}}}});
    assert_eq!(
        modern.ask("tasks/update", answers).1.json()["result"]["resultType"],
        "complete"
    );
    propylon_testkit::eventually("the task is completed", SOON, || {
        get()["status"] == "completed"
    });
    assert_eq!(get()["result"]["structuredContent"]["instance"], "probe-1");
    assert_eq!(modern.call("executions", json!({"key": "t"}))["count"], 1);
    assert_eq!(
        modern.ask("tasks/cancel", json!({"taskId": id})).0.status,
        200
    );
    assert_eq!(
        get()["status"],
        "completed",
        "what is done is not cancelled"
    );
}

#[test]
fn a_task_can_be_watched() {
    let stand = Stand::new(1);
    let modern = stand.modern().with_tasks();
    let (_, body) = modern.ask(
        "tools/call",
        json!({"name": "task", "arguments": {"seconds": 0.5, "outcome": "failed"}}),
    );
    let id = body.json()["result"]["taskId"].clone();
    let params = json!({"notifications": {"taskIds": [id, "other"]}, "_meta": {"dev.propylon/stream": {"seconds": 1.5}}});
    let mut client = modern.send("subscriptions/listen", params, &[]);
    let response = client.read_head().unwrap();
    let (events, _) = client.events(&response).drain(Duration::from_secs(5));
    assert_eq!(
        events[0].json()["params"]["notifications"]["taskIds"],
        json!([id])
    );
    let statuses: Vec<Value> = events[1..]
        .iter()
        .map(|event| event.json()["params"]["status"].clone())
        .collect();
    assert_eq!(statuses, [json!("working"), json!("failed"), Value::Null]);
}
