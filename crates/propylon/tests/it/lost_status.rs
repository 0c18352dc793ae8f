//! Refusals that say a session is unknown, in any status: clients see the 404 they know, and every other byte as it came.

use propylon_testkit::{Answer, Propylon, Upstream, delete, get_sse, post_json, rpc};
use serde_json::json;

use crate::front::serve_with;
use crate::lost_sessions::{VERSION, repairs};

/// A server that refuses sessions it does not know in its own way.
fn refusing(status: u16, body: &'static str) -> Upstream {
    Upstream::start(move |exchange| {
        let message = exchange.json();
        match exchange.header("mcp-session-id") {
            Some("known") if message["id"] == 13 => {
                Answer::sized(status, &["X-Own: 1"], "{\"error\":\"Parse error\"}")
            }
            Some("known") => Answer::result(&message["id"], &json!({})),
            Some("odd") => Answer::raw(format!(
                "HTTP/1.1 {status} Whatever\r\nX-Own: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            ))
            .chunk(&body[..7])
            .chunk(&body[7..])
            .last_chunk(),
            _ => Answer::sized(
                status,
                &["Content-Type: application/json", "X-Own: 1"],
                body,
            ),
        }
    })
}

#[test]
fn other_statuses_of_an_unknown_session_are_shown_as_404() {
    let bodies = [
        (
            400,
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":null}"#,
        ),
        (
            400,
            r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":null}"#,
        ),
        (503, "Session expired"),
    ];
    for (status, said) in bodies {
        let upstream = refusing(status, said);
        let urls = [upstream.url("/mcp")];
        let mended = serve_with(&urls, &["affinity: { lost_status: [400, 503] }"], &[]);
        let plain = serve_with(&urls, &[], &[]);
        let ask = |proxy: &Propylon, session: &str, id: u32| {
            let line = format!("Mcp-Session-Id: {session}");
            let headers: &[&str] = if session.is_empty() {
                &[VERSION]
            } else {
                &[VERSION, &line]
            };
            post_json(
                proxy.address(),
                "/mcp",
                headers,
                &rpc(id, "tools/list", &json!({})),
            )
        };
        for session in ["lost", "odd"] {
            let (response, body) = ask(&mended, session, 1);
            assert_eq!(
                (response.status, body.text().as_str()),
                (404, said),
                "{session}"
            );
            assert_eq!(
                (response.header("x-own"), response.header("propylon-reason")),
                (Some("1"), None)
            );
            assert!(
                response.head.starts_with("HTTP/1.1 404 Not Found\r\n"),
                "{}",
                response.head
            );
            assert_eq!(ask(&plain, session, 1).0.status, status);
        }
        assert_eq!(
            get_sse(mended.address(), "/mcp", &["Mcp-Session-Id: lost"])
                .0
                .status,
            404
        );
        assert_eq!(delete(mended.address(), "/mcp", "lost").0.status, 404);
        // Neither a request without a session nor a refusal for another reason.
        assert_eq!(ask(&mended, "", 1).0.status, status);
        assert_eq!(ask(&mended, "known", 13).0.status, status);
        assert_eq!(ask(&mended, "known", 1).0.status, 200);
        assert_eq!(repairs(&mended, "status"), 4);
        mended.logged(|line| line["repair"] == "status" && line["status"] == 404);
        mended.stop();
        plain.stop();
    }
}
