//! Web pages: which are let in, what their browsers are told, and that a foreign one reaches no server.

use propylon_testkit::{Answer, Launch, Propylon, RawClient, Response, Upstream, post_json, rpc};
use serde_json::{Value, json};

use crate::front::{BINARY, assert_refused, metric, serve_one};

/// A server that answers with CORS of its own, as the JavaScript servers do.
fn generous() -> Upstream {
    Upstream::start(|exchange| {
        let lines = [
            "Content-Type: application/json",
            "Mcp-Session-Id: s-1",
            "Access-Control-Allow-Origin: *",
            "Access-Control-Allow-Credentials: true",
            "Access-Control-Expose-Headers: X-Own",
            "X-Own: 1",
        ];
        let body = json!({ "jsonrpc": "2.0", "id": exchange.json()["id"], "result": {} });
        Answer::sized(200, &lines, body.to_string())
    })
}

/// Serves `/mcp` with `cors`.
fn serve_cors(upstream: &Upstream, cors: &str) -> Propylon {
    let url = upstream.url("/mcp");
    Launch::new(BINARY).config(&format!(
        "listeners: [{{ address: \"{{listen}}\" }}]\nadmin: {{ address: \"{{admin}}\" }}\n\
         routes: [{{ path: /mcp, upstream: it, cors: {cors} }}]\nupstreams: {{ it: {{ url: \"{url}\" }} }}\n"
    ))
}

fn ask(proxy: &Propylon, method: &str, lines: &[&str]) -> Response {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let mut client = RawClient::connect(proxy.address());
    let address = proxy.address();
    client.send(format!(
        "{method} /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n{lines}\r\n"
    ));
    client.read().0
}

#[test]
fn a_foreign_page_reaches_no_server_by_any_method() {
    let upstream = generous();
    let proxy = serve_one(&upstream);
    let foreign = [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
    ];
    for (index, origin) in foreign.iter().enumerate() {
        let line = format!("Origin: {origin}");
        let answer = post_json(
            proxy.address(),
            "/mcp",
            &[&line],
            &rpc(7, "ping", &json!({})),
        );
        assert_refused(&answer, 403, "origin-refused", &Value::Null);
        let asking = "Access-Control-Request-Method: POST";
        for method in ["GET", "DELETE", "OPTIONS", "PUT"] {
            let response = ask(&proxy, method, &[&line, asking]);
            assert_eq!(response.status, 403, "{method} {origin}");
            assert!(
                !response.head.contains("Access-Control-"),
                "{}",
                response.head
            );
        }
        let counted = metric(&proxy, "propylon_refused_total", &["origin-refused"]);
        assert!(counted >= (index * 5 + 4) as f64, "{counted}");
    }
    assert_eq!(upstream.connections().len(), 0, "nothing was dialled");
    proxy.stop();
}

#[test]
fn a_page_of_this_machine_is_told_all_it_needs() {
    let upstream = generous();
    let proxy = serve_one(&upstream);
    let origin = "Origin: http://localhost:5173";
    let headers = "Access-Control-Request-Headers: content-type,mcp-param-region";
    let lines = [origin, "Access-Control-Request-Method: POST", headers];
    let preflight = ask(&proxy, "OPTIONS", &lines);
    assert_eq!(preflight.status, 204, "{}", preflight.head);
    assert_eq!(preflight.header("content-length"), None);
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert!(
        allowed.contains("Mcp-Session-Id") && allowed.ends_with("mcp-param-region"),
        "{allowed}"
    );
    assert_eq!(
        upstream.connections().len(),
        0,
        "a preflight is answered here"
    );

    let call = rpc(7, "ping", &json!({}));
    let (answer, body) = post_json(proxy.address(), "/mcp", &[origin], &call);
    assert_eq!(
        answer.values("access-control-allow-origin"),
        ["http://localhost:5173"]
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
    let exposed = answer.values("access-control-expose-headers").join(",");
    assert!(
        exposed.contains("X-Own") && exposed.contains("Mcp-Session-Id"),
        "{exposed}"
    );
    assert_eq!(body.json()["id"], 7);

    // What no page sent crosses as it is.
    let (plain, _) = post_json(proxy.address(), "/mcp", &[], &call);
    assert_eq!(plain.values("access-control-allow-origin"), ["*"]);
    assert_eq!(plain.header("vary"), None);
    proxy.stop();
}

#[test]
fn listed_pages_can_read_the_proxys_own_refusals_too() {
    let upstream = generous();
    let proxy = serve_cors(
        &upstream,
        "{ origins: [\"https://App.example.com\"], max_age: 10m }",
    );
    let origin = "Origin: https://app.example.com";
    let preflight = ask(
        &proxy,
        "OPTIONS",
        &[origin, "Access-Control-Request-Method: DELETE"],
    );
    assert_eq!(
        (preflight.status, preflight.header("access-control-max-age")),
        (204, Some("600"))
    );
    upstream.die();
    let (lost, _) = post_json(
        proxy.address(),
        "/mcp",
        &[origin],
        &rpc(1, "ping", &json!({})),
    );
    assert_eq!(lost.status, 502);
    assert_eq!(
        lost.values("access-control-allow-origin"),
        ["https://app.example.com"]
    );
    upstream.revive();
    let (plain, _) = post_json(proxy.address(), "/mcp", &[], &rpc(1, "ping", &json!({})));
    assert_eq!(
        plain.header("vary"),
        Some("Origin"),
        "a cache must not mix the two up"
    );
    proxy.stop();
}

#[test]
fn a_star_lets_every_page_in() {
    let upstream = generous();
    let proxy = serve_cors(&upstream, "{ origins: [\"*\"] }");
    for origin in ["Origin: https://evil.example", "Origin: null"] {
        let (answer, _) = post_json(
            proxy.address(),
            "/mcp",
            &[origin],
            &rpc(1, "ping", &json!({})),
        );
        assert_eq!(answer.status, 200);
        assert_eq!(answer.values("access-control-allow-origin"), ["*"]);
    }
    proxy.stop();
}
