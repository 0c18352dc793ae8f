//! The legacy era: negotiation, sessions known only where they were minted, methods.

use propylon_testkit::{delete, get_sse, post_json};
use serde_json::json;

use crate::stand::{SOON, Session, Stand, call, initialize, with_token};

#[test]
fn every_legacy_revision_is_negotiated() {
    let stand = Stand::new(1);
    for (asked, given) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let (response, body) = post_json(
            stand.address(),
            "/a/b",
            &[],
            &initialize(asked, "propylon-check"),
        );
        let result = &body.json()["result"];
        assert_eq!(result["protocolVersion"], given);
        assert_eq!(result["serverInfo"]["name"], "propylon-probe");
        assert_eq!(
            result["_meta"]["dev.propylon/probe"],
            json!({"instance": "probe-1", "contract": 1})
        );
        assert!(
            response
                .header("mcp-session-id")
                .unwrap()
                .bytes()
                .all(|byte| byte.is_ascii_graphic())
        );
    }
}

#[test]
fn a_session_is_known_only_where_it_was_minted() {
    let stand = Stand::new(2);
    let session = stand.session("2025-11-25");
    let elsewhere = Session {
        address: stand.addresses[1],
        id: session.id.clone(),
        revision: session.revision.clone(),
    };
    let message = call("whoami", json!({}), json!({}));
    let (response, body) = elsewhere.post(&message);
    assert_eq!(response.status, 404);
    assert_eq!(
        (&body.json()["id"], &body.json()["error"]["code"]),
        (&json!(7), &json!(-32001))
    );
    assert_eq!(response.header("probe-instance"), Some("probe-2"));
    let who = session.call("whoami", json!({}));
    assert_eq!(
        (&who["instance"], &who["instances"]),
        (&json!("probe-1"), &json!(["probe-1", "probe-2"]))
    );
    assert_eq!(who["session"], json!(session.id));
    assert_eq!(
        post_json(stand.address(), "/mcp", &[], &message).0.status,
        400
    );
    let version = "MCP-Protocol-Version: 1999-01-01";
    let id = format!("Mcp-Session-Id: {}", session.id);
    assert_eq!(
        post_json(stand.address(), "/mcp", &[&id, version], &message)
            .0
            .status,
        400
    );
    assert_eq!(
        delete(stand.addresses[1], "/mcp", &session.id).0.status,
        404
    );
    assert_eq!(delete(stand.address(), "/mcp", &session.id).0.status, 200);
    assert_eq!(session.post(&message).0.status, 404);
    assert_eq!(
        stand.session("2025-11-25").call("sessions", json!({}))["unknown_session"],
        1
    );
}

#[test]
fn notifications_are_accepted_and_methods_answered() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    let (response, body) =
        session.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    assert_eq!((response.status, body.bytes.len()), (202, 0));
    let ask = |method: &str, params| {
        session
            .post(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
            .1
            .json()
    };
    assert_eq!(ask("ping", json!({}))["result"], json!({}));
    assert!(
        ask("tools/list", json!({}))["result"]["tools"]
            .as_array()
            .unwrap()
            .len()
            > 15
    );
    assert_eq!(
        ask("resources/read", json!({"uri": "probe://text/5"}))["result"]["contents"][0]["text"],
        "xxxxx"
    );
    assert_eq!(
        ask("resources/read", json!({"uri": "probe://other"}))["error"]["code"],
        -32002
    );
    let prompt = ask(
        "prompts/get",
        json!({"name": "greeting", "arguments": {"name": "Ada"}}),
    );
    assert!(
        prompt["result"]["messages"][0]["content"]["text"]
            .as_str()
            .unwrap()
            .contains("Ada")
    );
    assert_eq!(ask("server/discover", json!({}))["error"]["code"], -32601);
    assert_eq!(session.refused("no_such_tool", json!({}))["code"], -32602);
    assert_eq!(
        session.refused("sleep", json!({"seconds": -1}))["data"]["argument"],
        "seconds"
    );
}

#[test]
fn the_get_stream_carries_what_notify_sends() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    session.call("notify", json!({}));
    let headers = session.headers();
    let (response, mut events) = get_sse(stand.address(), "/mcp", &[&headers[0]]);
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let early = events.next(SOON).unwrap();
    assert_eq!(
        (early.id().unwrap(), &early.json()["params"]["data"]["n"]),
        ("get-1", &json!(1))
    );
    assert_eq!(
        session.call("notify", json!({"events": 2, "interval_ms": 20}))["scheduled"],
        2
    );
    assert_eq!(events.next(SOON).unwrap().json()["params"]["data"]["n"], 1);
    assert_eq!(events.next(SOON).unwrap().id(), Some("get-3"));
    assert_eq!(session.call("sessions", json!({}))["get_streams"], 1);
    drop(events);
    let key = format!("get:{}", session.id);
    let seen = session.call("disconnects", json!({"key": key, "wait_ms": 5000}));
    assert_eq!(seen["exchanges"][0]["disconnect"]["how"], "fin");
}

#[test]
fn a_get_stream_follows_its_schedule() {
    let stand = Stand::new(1);
    let mut message = initialize("2025-11-25", "propylon-check");
    message["params"]["_meta"] = json!({"dev.propylon/stream": {"events": 2, "interval_ms": 30, "first_delay_ms": 300, "comment_ms": 50, "seconds": 1}});
    let (response, _) = post_json(stand.address(), "/mcp", &[], &message);
    let id = format!(
        "Mcp-Session-Id: {}",
        response.header("mcp-session-id").unwrap()
    );
    let (_, mut events) = get_sse(stand.address(), "/mcp", &[&id]);
    assert!(events.next_block(SOON).unwrap().is_comment());
    let (data, ending) = events.drain(SOON);
    assert_eq!(data.len(), 2);
    assert_eq!(ending, propylon_testkit::Ending::Complete);
}

#[test]
fn sessions_are_ended_and_refused_on_command() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    assert_eq!(
        session.refused("end_session", json!({}))["data"]["refused"],
        "disruptive"
    );
    let wrong = session.refused("end_session", json!({"token": "wrong"}));
    assert!(
        wrong["message"]
            .as_str()
            .unwrap()
            .starts_with("token wrong")
    );
    assert_eq!(
        session.call(
            "refuse_sessions",
            with_token(json!({"seconds": 0.5, "status": 503}))
        )["instance"],
        "probe-1"
    );
    let (refused, body) = post_json(
        stand.address(),
        "/mcp",
        &[],
        &initialize("2025-11-25", "propylon-check"),
    );
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1"))
    );
    assert!(body.json()["error"].is_object());
    assert_eq!(
        session.call("end_session", with_token(json!({})))["ended"],
        true
    );
    assert_eq!(
        session.post(&call("whoami", json!({}), json!({}))).0.status,
        404
    );
    propylon_testkit::eventually("sessions are minted again", SOON, || {
        post_json(
            stand.address(),
            "/mcp",
            &[],
            &initialize("2025-11-25", "propylon-check"),
        )
        .0
        .status
            == 200
    });
}

#[test]
fn a_probe_without_a_token_does_nothing_disruptive() {
    let stand = Stand::with(1, |options| options.token = None);
    let session = stand.session("2025-11-25");
    let refused = session.refused("pretend_dead", with_token(json!({"seconds": 1})));
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .starts_with("no token configured")
    );
    assert_eq!(session.call("whoami", json!({}))["disruptive"], false);
    assert_eq!(
        session.refused("respond", json!({"status": 500}))["code"],
        -32602
    );
    let report = session.call("executions", json!({"key": "k"}));
    assert_eq!(report["count"], 0);
}
