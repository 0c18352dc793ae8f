//! What one tenant may take, and what a backend may not make of it.

use std::time::Duration;

use propylon_testkit::{
    Answer, EventFeed, Gate, Greeting, Upstream, blackhole, get_sse, initialize, post_json,
};

use super::stand::{Stand, at};
use crate::front::{assert_refused, get};

#[test]
fn a_tenant_is_held_to_its_quotas_and_others_are_not() {
    let feed = EventFeed::new();
    let upstream = Upstream::start(move |exchange| {
        match exchange.header("accept") == Some("text/event-stream") {
            true => Answer::stream(&feed, &[]),
            false => Answer::sized(200, &[], "ok"),
        }
    });
    let quotas = "quotas: { backends: 2, streams: 2, requests_per_second: 20 }";
    let stand = Stand::local(&[upstream.address()], &[quotas]);
    for id in ["acme/a", "acme/b", "zeta/a"] {
        stand.register(id, &at(upstream.url("/mcp")));
    }
    let (refused, body) = stand.put("acme/c", &at(upstream.url("/mcp")));
    assert_eq!(refused.status, 403, "{}", body.text());
    assert_eq!(body.json()["type"], "urn:propylon:problem:quota");
    assert_eq!(
        stand.put("acme/a", &at(upstream.url("/mcp"))).0.status,
        200,
        "a replacement"
    );

    let address = stand.proxy.address();
    let _open = ["/acme/a/mcp", "/acme/b/mcp"].map(|path| get_sse(address, path, &[]));
    let (answer, _) = get_sse(address, "/acme/a/mcp", &[]);
    assert_eq!(answer.status, 429, "{}", answer.head);
    assert_eq!(
        answer.header("propylon-reason"),
        Some("tenant-stream-limit")
    );
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(get_sse(address, "/zeta/a/mcp", &[]).0.status, 200);

    let asked = 400;
    let mut refused = 0;
    for _ in 0..asked {
        let answer = post_json(address, "/acme/a/mcp", &[], &initialize(3));
        if answer.0.status == 429 {
            assert_refused(&answer, 429, "tenant-rate-limit", &serde_json::Value::Null);
            assert_eq!(answer.0.header("retry-after"), Some("1"));
            refused += 1;
            break;
        }
    }
    assert!(refused > 0, "{asked} at once, at 20 a second");
    assert_eq!(get(address, "/zeta/a/mcp").0.status, 200);
}

#[test]
fn a_backend_that_hangs_is_given_up_at_every_stage() {
    let timeouts = "timeouts: { connect: 400ms, response_head: 400ms, idle: 400ms, stream: 3s }";
    let gate = Gate::new();
    let waiting = gate.clone();
    let drip = EventFeed::new();
    let slow = Upstream::start(move |exchange| {
        let path = exchange.line().to_owned();
        if path.contains("/silent") {
            Answer::new().until(&waiting)
        } else if path.contains("/half-head") {
            Answer::raw("HTTP/1.1 200 OK\r\nContent-").until(&waiting)
        } else if path.contains("/half-body") {
            Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").until(&waiting)
        } else {
            let mut answer = Answer::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for _ in 0..100 {
                answer = answer
                    .chunk("x".repeat(100))
                    .wait(Duration::from_millis(100));
            }
            answer
        }
    });
    drop(drip);
    let stalled = Upstream::start(|_| Answer::new());
    stalled.greet(Greeting::Stall);
    let (nowhere, _hole) = blackhole();
    let ports = [slow.address(), stalled.address(), nowhere];
    let stand = Stand::local(&ports, &[timeouts]);
    let tls = format!("https://{}/mcp", stalled.address());
    stand.register("acme/slow", &at(slow.url("/mcp")));
    stand.register("acme/stalled", &at(stalled.url("/mcp")));
    stand.register(
        "acme/tls",
        &serde_json::json!({ "url": tls, "tls": { "pins": [
        "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    ] } }),
    );
    stand.register("acme/nowhere", &at(format!("http://{nowhere}/mcp")));
    let address = stand.proxy.address();
    for (path, status, reason) in [
        ("/acme/nowhere/mcp", 503, "upstream-unreachable"),
        ("/acme/tls/mcp", 502, "upstream-tls"),
        ("/acme/stalled/mcp", 504, "response-timeout"),
        ("/acme/slow/mcp/silent", 504, "response-timeout"),
        ("/acme/slow/mcp/half-head", 504, "response-timeout"),
    ] {
        let (answer, _) = get(address, path);
        assert_eq!(answer.status, status, "{path}: {}", answer.head);
        assert_eq!(answer.header("propylon-reason"), Some(reason), "{path}");
    }
    for (path, reason) in [
        ("/acme/slow/mcp/half-body", "idle-timeout"),
        ("/acme/slow/mcp/endless", "stream-timeout"),
    ] {
        let mut client = propylon_testkit::RawClient::connect(address);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(
            client.read_head().map(|head| head.status),
            Ok(200),
            "{path}"
        );
        let line = stand.proxy.logged(|line| line["reason"] == reason);
        assert_eq!(line["status"], 200, "it had begun, and was cut: {line}");
    }
    gate.open();
}

#[test]
fn a_compressed_body_passes_as_it_is_however_much_it_would_become() {
    // 10 MiB of zeros, which nobody on the way unpacks.
    let bomb = {
        let mut child = std::process::Command::new("sh");
        child.args(["-c", "head -c 10485760 /dev/zero | gzip -9"]);
        child.output().expect("gzip runs").stdout
    };
    assert!((1_000..100_000).contains(&bomb.len()), "{}", bomb.len());
    let sent = bomb.clone();
    let upstream = Upstream::start(move |_| {
        let lines = ["Content-Encoding: gzip", "Content-Type: application/json"];
        Answer::sized(200, &lines, &sent)
    });
    let stand = Stand::local(&[upstream.address()], &[]);
    stand.register("acme/bomb", &at(upstream.url("/mcp")));
    let before = stand.proxy.resident_bytes();
    for path in [
        "/acme/bomb/mcp",
        "/.well-known/oauth-protected-resource/acme/bomb/mcp",
    ] {
        let (answer, body) = get(stand.proxy.address(), path);
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(body.bytes, bomb, "{path}");
    }
    let grown = stand.proxy.resident_bytes().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes");
}
