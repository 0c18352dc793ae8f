//! Hostile clients.

use std::time::Duration;

use propylon_testkit::{Answer, Ending, Gate, RawClient, Upstream};
use rustix::process::Signal;
use serde_json::Value;

use super::SOON;
use crate::front::{assert_refused, serve_one, serve_with};

fn echo() -> Upstream {
    Upstream::start(|exchange| Answer::sized(200, &[], exchange.target()))
}

#[test]
fn a_body_that_was_not_read_is_never_the_next_request() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    let smuggled = "GET /mcp/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    for expect in ["", "Expect: 100-continue\r\n"] {
        let mut client = RawClient::connect(proxy.address());
        let head = format!(
            "POST /elsewhere HTTP/1.1\r\nHost: h\r\n{expect}Content-Length: {}\r\n\r\n",
            smuggled.len()
        );
        let answer = client.send(head).read();
        assert_refused(&answer, 404, "route-unknown", &Value::Null);
        assert_eq!(answer.0.header("connection"), Some("close"), "{expect:?}");
        let _ = client.try_send(smuggled);
        assert!(client.read_head().is_err(), "{expect:?}");
    }
    assert_eq!(upstream.exchanges().len(), 0);
    proxy.stop();
}

#[test]
fn a_refusal_of_a_whole_request_keeps_the_connection() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    let refused = client
        .send("POST /elsewhere HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}")
        .read();
    assert_refused(&refused, 404, "route-unknown", &Value::Null);
    let next = client
        .send("GET /mcp/next HTTP/1.1\r\nHost: h\r\n\r\n")
        .read();
    assert_eq!(next.1.text(), "/mcp/next");
    proxy.stop();
}

#[test]
fn an_own_answer_to_head_has_no_body() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.send("HEAD /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n");
    let refused = client.read_head().expect("an answer");
    assert_eq!(refused.status, 404);
    let next = client
        .send("GET /mcp/next HTTP/1.1\r\nHost: h\r\n\r\n")
        .read();
    assert_eq!(next.1.text(), "/mcp/next");
    proxy.stop();
}

#[test]
fn an_own_answer_tells_an_old_client_that_the_connection_stays() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    let answer = RawClient::connect(proxy.address())
        .send("GET /elsewhere HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        .read();
    assert_eq!(answer.0.header("connection"), Some("keep-alive"));
    proxy.stop();
}

#[test]
fn an_absolute_target_must_name_a_plain_host() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    for authority in ["a@b", "", "a#b", "a,b"] {
        let answer = RawClient::connect(proxy.address())
            .send(format!(
                "GET http://{authority}/mcp HTTP/1.1\r\nHost: h\r\n\r\n"
            ))
            .read();
        assert_refused(&answer, 400, "request-invalid", &Value::Null);
    }
    let answer = RawClient::connect(proxy.address())
        .send("GET http://inside:80/mcp HTTP/1.1\r\nHost: h\r\n\r\n")
        .read();
    assert_eq!(answer.0.status, 200);
    assert_eq!(upstream.exchanges()[0].values("host"), ["inside:80"]);
    proxy.stop();
}

#[test]
fn the_body_limit_holds_where_the_body_comes_unasked() {
    let upstream = echo();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["limits: { body_bytes: 1000 }"],
    );
    let answer = RawClient::connect(proxy.address())
        .send(format!(
            "POST /mcp HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{}\r\n0\r\n\r\n",
            "x".repeat(2000)
        ))
        .read();
    assert_refused(&answer, 413, "body-limit", &Value::Null);
    assert_eq!(upstream.exchanges().len(), 0);
    proxy.stop();
}

#[test]
fn trailers_do_not_say_who_the_client_is() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    RawClient::connect(proxy.address())
        .send("POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: 1\r\nX-Forwarded-For: 1.1.1.1\r\nX_Real_IP: 1.1.1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nX-B: 2\r\n\r\n")
        .read();
    let seen = upstream.exchanges();
    assert_eq!(seen[0].trailers.trim_ascii_end(), b"X-A: 1\r\nX-B: 2");
    proxy.stop();
}

#[test]
fn a_name_without_end_does_not_fill_the_log() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    let long = "A".repeat(30_000);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{long}"}}"#);
    RawClient::connect(proxy.address())
        .send(format!(
            "{long} /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .read();
    let line = proxy.logged(|line| line["status"] == 200);
    assert!(line.to_string().len() < 2000, "{}", line.to_string().len());
    proxy.stop();
}

#[test]
fn an_early_answer_says_that_the_connection_ends() {
    let refuse = |_: &_| Some(Answer::sized(401, &["WWW-Authenticate: Bearer"], ""));
    let upstream = Upstream::start_early(refuse, |_| Answer::sized(200, &[], ""));
    let proxy = serve_one(&upstream);
    let answer = RawClient::connect(proxy.address())
        .send("POST /mcp HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        .read();
    assert_eq!(answer.0.status, 401);
    assert_eq!(answer.0.header("connection"), Some("close"));
    proxy.stop();
}

#[test]
fn a_call_without_an_answer_yet_is_told_that_the_proxy_ends() {
    let upstream = Upstream::start(|_| Answer::new().until(&Gate::new()));
    let mut proxy = serve_with(&[upstream.url("/mcp")], &[], &["drain: 300ms"]);
    let mut client = RawClient::connect(proxy.address());
    client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
    upstream.wait_for(1, SOON);
    proxy.signal(Signal::TERM);
    assert_refused(&client.read(), 503, "draining", &Value::Null);
    let ended = proxy.wait(SOON);
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    let line = proxy.logged(|line| line["method"] == "POST");
    assert_eq!(line["reason"], "draining");
}

#[test]
fn a_second_request_after_a_refusal_is_its_own() {
    let upstream = echo();
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.send(
        "GET /mcp/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n\
         GET /mcp/3 HTTP/1.1\r\nHost: h\r\n\r\nGET /mcp/4 HTTP/1.1\r\nHost: @\r\n\r\n\
         GET /mcp/5 HTTP/1.1\r\nHost: h\r\n\r\n",
    );
    let statuses: Vec<_> = (0..4).map(|_| client.read().0.status).collect();
    assert_eq!(statuses, [200, 404, 200, 400]);
    client.patience(Duration::from_secs(3));
    assert_eq!(client.read_head().map(|head| head.status), Err(Ending::Fin));
    assert_eq!(upstream.exchanges().len(), 2);
    proxy.stop();
}

#[test]
fn a_body_that_drips_does_not_hold_its_request_back() {
    let upstream = Upstream::start_early(
        |_| Some(Answer::sized(200, &[], "early")),
        |_| Answer::sized(200, &[], "late"),
    );
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunks = "1\r\nx\r\n".repeat(60);
    let sent = client.send_slowly(&chunks, Duration::from_millis(50));
    assert!(sent < chunks.len(), "answered only once the body was over");
    assert_eq!(client.read().1.text(), "early");
    proxy.stop();
}

#[test]
fn what_a_trusted_proxy_passes_on_unread_stays_in_its_place() {
    let upstream = echo();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["trusted_proxies: [127.0.0.0/8]"],
    );
    RawClient::connect(proxy.address())
        .send("GET /mcp HTTP/1.1\r\nHost: h\r\nX-Forwarded-Proto: http;for=1.1.1.1\r\nX-Forwarded-Host: a\";for=1.1.1.1\r\n\r\n")
        .read();
    let seen = upstream.exchanges();
    assert_eq!(
        seen[0].values("forwarded"),
        ["for=127.0.0.1;host=\"h\";proto=http"]
    );
    assert_eq!(seen[0].values("x-forwarded-host"), ["h"]);
    assert_eq!(seen[0].values("x-forwarded-proto"), ["http"]);
    proxy.stop();
}

#[test]
fn requests_that_wait_when_the_proxy_ends_are_answered() {
    let upstream = echo();
    for _ in 0..5 {
        let mut proxy = serve_one(&upstream);
        proxy.signal(Signal::STOP);
        let mut clients: Vec<_> = (0..20)
            .map(|_| RawClient::connect(proxy.address()))
            .collect();
        for client in &mut clients {
            client.send("GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        proxy.signal(Signal::TERM);
        proxy.signal(Signal::CONT);
        for client in &mut clients {
            assert_eq!(client.read().0.status, 200);
        }
        let ended = proxy.wait(SOON);
        assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    }
}
