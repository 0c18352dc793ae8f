//! From http to https: who comes in the clear is sent on with method and body, and browsers can be told to stay there.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Answer, Launch, Propylon, RawClient, Scratch, Upstream, free_address};

use crate::front::BINARY;
use crate::tls::{Authority, Leaf, pair, text};

/// A listener for plain http that sends everybody to another one with `tls`, and where that is.
fn serve(scratch: &Scratch, upstream: &Upstream, more: &str) -> (Propylon, SocketAddr) {
    let secure = free_address();
    let (port, url) = (secure.port(), upstream.url("/mcp"));
    let pair = pair(scratch.path(), "server");
    let proxy = Launch::new(BINARY).config(&format!(
        "listeners:\n  - {{ address: \"{{listen}}\", redirect: \"https:{port}\" }}\n\
         \x20 - {{ address: \"{secure}\", tls: {{ {pair}, {more} }} }}\nadmin: {{ address: \"{{admin}}\" }}\n\
         routes: [{{ path: /, upstream: it }}]\nupstreams: {{ it: {{ url: \"{url}\" }} }}\n"
    ));
    (proxy, secure)
}

#[test]
fn a_post_arrives_over_https_with_its_body() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["localhost"]));
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "ok"));
    let (proxy, secure) = serve(&scratch, &upstream, "");
    let (port, tls_port) = (proxy.address().port(), secure.port());
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--include",
            "--location",
            "--max-time",
            "20",
            "--cacert",
        ])
        .arg(authority.file())
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
        .args(["--resolve", &format!("localhost:{tls_port}:127.0.0.1")])
        .args(["--data", "{\"jsonrpc\":\"2.0\"}"])
        .arg(format!("http://localhost:{port}/mcp?a=b"))
        .output()
        .expect("curl runs");
    let said = text(&output);
    assert!(said.contains("HTTP/1.1 308 Permanent Redirect"), "{said}");
    assert!(
        said.contains(&format!("Location: https://localhost:{tls_port}/mcp?a=b")),
        "{said}"
    );
    assert!(said.contains("HTTP/2 200"), "{said}");
    let seen = upstream.wait_for(1, Duration::from_secs(5));
    assert_eq!((seen.len(), seen[0].method()), (1, "POST"));
    assert_eq!(seen[0].body, b"{\"jsonrpc\":\"2.0\"}");
    assert!(
        !said.to_ascii_lowercase().contains("strict-transport"),
        "{said}"
    );
}

#[test]
fn the_redirect_serves_nothing_but_its_health() {
    let scratch = Scratch::new();
    Authority::new(&scratch).issue("server", &Leaf::of(&["localhost"]));
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "ok"));
    let (proxy, _) = serve(&scratch, &upstream, "");
    let mut client = RawClient::connect(proxy.address());
    for (head, status) in [
        ("GET /health HTTP/1.1\r\nHost: a", 200),
        ("GET /mcp HTTP/1.1\r\nHost: a", 308),
        (
            "DELETE /mcp HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https",
            308,
        ),
        ("GET http://evil.example/mcp HTTP/1.1\r\nHost: a", 308),
    ] {
        let (answer, _) = client.send(format!("{head}\r\n\r\n")).read();
        assert_eq!(answer.status, status, "{head}: {}", answer.head);
    }
    let (answer, _) = client.send("GET /mcp HTTP/1.0\r\n\r\n").read();
    assert_eq!(
        (answer.status, answer.header("propylon-reason")),
        (400, Some("request-invalid"))
    );
    assert!(upstream.exchanges().is_empty());
}

#[test]
fn browsers_are_told_to_stay_on_https_where_the_listener_says_so() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["localhost"]));
    let upstream = Upstream::start(|exchange| match exchange.target() {
        "/mcp/own" => Answer::sized(200, &["Strict-Transport-Security: max-age=1"], "ok"),
        _ => Answer::sized(200, &[], "ok"),
    });
    let (_proxy, secure) = serve(&scratch, &upstream, "hsts: 365d");
    let port = secure.port();
    let preflight = "Access-Control-Request-Method: POST";
    for (path, method, header, status) in [
        ("/", "POST", "A: b", 200),
        ("/own", "POST", "A: b", 200),
        ("/", "POST", "Origin: https://evil.example", 403),
        ("/", "OPTIONS", preflight, 204),
    ] {
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "20",
            "--cacert",
        ])
        .arg(authority.file())
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
        .args(["--request", method, "--header", header]);
        if header == preflight {
            curl.args(["--header", &format!("Origin: https://localhost:{port}")]);
        }
        let output = curl.arg(format!("https://localhost:{port}{path}")).output();
        let said = text(&output.expect("curl runs"));
        let said = said.to_ascii_lowercase();
        let shown = said.split(' ').nth(1).and_then(|word| word.parse().ok());
        assert_eq!(shown, Some(status), "{said}");
        let told: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with("strict-transport-security:"))
            .collect();
        assert_eq!(
            told,
            ["strict-transport-security: max-age=31536000"],
            "{said}"
        );
    }
}
