//! Heads cross unchanged in both directions, but for what belongs to one hop and what names the real client.

use std::time::Duration;

use propylon_testkit::{Answer, Exchange, Propylon, RawClient, Upstream, post_json, rpc};
use serde_json::json;

use crate::front::{serve_one, serve_with};

const SOON: Duration = Duration::from_secs(5);

/// Sends one GET with these header lines through `proxy` and gives what the upstream saw.
fn seen(proxy: &Propylon, upstream: &Upstream, lines: &str) -> Exchange {
    let before = upstream.exchanges().len();
    let mut client = RawClient::connect(proxy.address());
    client
        .send(format!(
            "GET /mcp HTTP/1.1\r\nHost: mcp.test:81\r\n{lines}\r\n"
        ))
        .read();
    upstream.wait_for(before + 1, SOON).remove(before)
}

fn plain() -> Upstream {
    Upstream::start(|_| Answer::sized(200, &[], "ok"))
}

#[test]
fn end_to_end_headers_cross_byte_for_byte() {
    let upstream = plain();
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &["trace_context: off"]);
    let lines = [
        ("Mcp-Session-Id", "abc"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "=?base64?w6k=?="),
        ("Mcp-Param-user_id", "1"),
        ("Mcp-Param-geo.region", "eu"),
        ("x_under.score", "kept"),
        ("X-MiXeD-CaSe", "Kept"),
        ("X-Twice", "one"),
        ("X-Twice", "two"),
        ("X-Empty", ""),
        ("Accept", "application/json, text/event-stream"),
        ("Authorization", "Bearer a.b-c_d~e+f/g=="),
        ("Last-Event-ID", "7"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("tracestate", "a=1,b=2"),
        ("baggage", "k=v"),
        ("Cookie", "a=1; b=2"),
        ("Accept-Encoding", "gzip, br"),
        ("User-Agent", "node"),
    ];
    let sent: String = lines
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let seen = seen(&proxy, &upstream, &sent);
    let headers = seen.headers();
    let ours = |name: &str| lines.iter().any(|(known, _)| known == &name);
    let forwarded: Vec<_> = headers
        .iter()
        .copied()
        .filter(|(name, _)| ours(name))
        .collect();
    assert_eq!(
        forwarded, lines,
        "names with their case, values, doubles and order"
    );
    assert_eq!(seen.header("host"), Some("mcp.test:81"), "Host is kept");
    proxy.stop();
}

#[test]
fn sixty_four_kilobytes_of_headers_pass() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let long = "t".repeat(15_800);
    let lines: String = (0..4)
        .map(|number| format!("Mcp-Param-{number}: {long}\r\n"))
        .collect();
    let seen = seen(&proxy, &upstream, &lines);
    assert_eq!(seen.header("mcp-param-3").map(str::len), Some(15_800));
    proxy.stop();
}

#[test]
fn headers_of_one_hop_end_here() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let lines = "Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\n\
                 TE: deflate, trailers\r\nProxy-Authorization: Basic eA==\r\nX-Kept: 1\r\n";
    let seen = seen(&proxy, &upstream, lines);
    for name in [
        "x-mine",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "content-length",
        "upgrade",
    ] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    // RFC 9110 10.1.4: asking the next hop for trailers too must be in our own name, as a connection option.
    let asked = (seen.values("te"), seen.values("connection"));
    assert!(
        asked == (vec![], vec![]) || asked == (vec!["trailers"], vec!["TE"]),
        "{asked:?}"
    );
    assert_eq!(seen.header("x-kept"), Some("1"));
    proxy.stop();
}

#[test]
fn an_absent_header_is_not_sent_empty() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let seen = seen(&proxy, &upstream, "");
    for name in [
        "mcp-session-id",
        "authorization",
        "last-event-id",
        "mcp-method",
        "accept",
        "cookie",
        "content-type",
    ] {
        assert_eq!(seen.values(name), Vec::<&str>::new(), "{name}");
    }
    assert!(seen.body.is_empty(), "a GET gets no body");
    proxy.stop();
}

#[test]
fn a_forged_client_address_is_not_believed() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let forged = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n\
                  X-Forwarded-Port: 1\r\nForwarded: for=203.0.113.9;proto=https\r\n\
                  X-Real-IP: 203.0.113.9\r\nX_Forwarded_For: 203.0.113.9\r\nX-Forwarded-Prefix: /203.0.113.9\r\n";
    let seen = seen(&proxy, &upstream, forged);
    assert_eq!(seen.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.values("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.values("x-forwarded-host"), ["mcp.test:81"]);
    let forwarded = seen.values("forwarded");
    assert_eq!(forwarded.len(), 1, "{forwarded:?}");
    assert!(
        forwarded[0].contains("for=127.0.0.1") && forwarded[0].contains("proto=http"),
        "{forwarded:?}"
    );
    assert!(!String::from_utf8_lossy(&seen.head).contains("203.0.113.9"));
    proxy.stop();
}

#[test]
fn the_port_told_is_the_connections_own() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let seen = seen(&proxy, &upstream, "X-Forwarded-Port: 1\r\n");
    // The Host of this request says port 81, and a client can say anything there.
    assert_eq!(
        seen.values("x-forwarded-port"),
        [proxy.address().port().to_string()]
    );
    proxy.stop();
}

#[test]
fn a_trusted_proxy_is_believed() {
    let upstream = plain();
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["trusted_proxies: [127.0.0.0/8]"],
    );
    let lines = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: mcp.example.com\r\n\
                 X-Real-IP: 203.0.113.9\r\nX-Forwarded-Prefix: /outside\r\n";
    let seen = seen(&proxy, &upstream, lines);
    let chain: Vec<_> = seen
        .values("x-forwarded-for")
        .iter()
        .flat_map(|value| value.split(", "))
        .map(String::from)
        .collect();
    assert_eq!(chain, ["203.0.113.9", "127.0.0.1"]);
    assert_eq!(seen.values("x-forwarded-proto"), ["https"]);
    assert_eq!(seen.values("x-forwarded-host"), ["mcp.example.com"]);
    assert_eq!(seen.values("x-real-ip"), ["203.0.113.9"]);
    assert_eq!(seen.values("x-forwarded-prefix"), ["/outside"]);
    let line = proxy.logged(|line| line["method"] == "GET");
    assert_eq!(
        line["client"]
            .as_str()
            .map(|client| client.starts_with("203.0.113.9")),
        Some(true),
        "{line}"
    );
    proxy.stop();
}

#[test]
fn host_can_be_rewritten_for_an_upstream() {
    let upstream = plain();
    for (key, expected) in [
        ("host: upstream", upstream.address().to_string()),
        ("host: inner.test", "inner.test".into()),
    ] {
        let proxy = serve_with(&[upstream.url("/mcp")], &[key], &[]);
        let seen = seen(&proxy, &upstream, "");
        assert_eq!(seen.values("host"), [expected.as_str()], "{key}");
        assert_eq!(seen.values("x-forwarded-host"), ["mcp.test:81"], "{key}");
        proxy.stop();
    }
}

#[test]
fn a_request_id_is_minted_or_kept() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let minted = seen(&proxy, &upstream, "");
    let minted = minted
        .header("x-request-id")
        .expect("an id is minted")
        .to_owned();
    assert!(minted.len() >= 8, "{minted}");
    proxy.logged(|line| line["request_id"] == minted.as_str());
    let kept = seen(&proxy, &upstream, "X-Request-Id: mine-1\r\n");
    assert_eq!(kept.values("x-request-id"), ["mine-1"]);
    proxy.logged(|line| line["request_id"] == "mine-1");
    proxy.stop();
}

#[test]
fn responses_cross_unchanged_with_their_codes_and_bodies() {
    let headers = [
        "Mcp-Session-Id: s",
        "WWW-Authenticate: Bearer resource_metadata=\"https://x/.well-known/oauth-protected-resource\"",
        "Retry-After: 7",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "x_odd.name: 1",
        "X-Empty: ",
        "Cache-Control: private",
        "Content-Type: application/json; charset=utf-8",
    ];
    let hop = ["Connection: X-Gone", "X-Gone: 1", "Keep-Alive: timeout=5"];
    let upstream = Upstream::start(move |exchange| {
        let status: u16 = exchange
            .target()
            .rsplit('/')
            .next()
            .and_then(|code| code.parse().ok())
            .unwrap_or(200);
        Answer::sized(
            status,
            &[&headers[..], &hop[..]].concat(),
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-1}}",
        )
    });
    let proxy = serve_one(&upstream);
    for status in [
        200, 400, 401, 403, 404, 405, 406, 418, 421, 429, 500, 501, 502, 503, 504, 599,
    ] {
        let mut client = RawClient::connect(proxy.address());
        let (response, body) = client
            .send(format!("GET /mcp/{status} HTTP/1.1\r\nHost: h\r\n\r\n"))
            .read();
        assert_eq!(response.status, status);
        assert_eq!(body.json()["error"]["code"], -1, "{status}");
        for line in headers {
            let expected = line.trim_end();
            let found = response
                .head
                .split("\r\n")
                .any(|line| line.trim_end() == expected);
            assert!(found, "{status}: {line} is missing in\n{}", response.head);
        }
        assert_eq!(response.header("x-gone"), None);
        assert_eq!(
            response.header("propylon-reason"),
            None,
            "the server's own answer has no reason of ours"
        );
    }
    proxy.stop();
}

#[test]
fn a_location_inside_is_shown_as_outside_and_not_followed() {
    let upstream = Upstream::start(|exchange| {
        let own = exchange.values("x-own").join("");
        let location = match exchange.target().rsplit('/').next() {
            Some("own") => format!("Location: http://{own}/mcp/next?a=1"),
            Some("relative") => "Location: /mcp/next".to_owned(),
            _ => "Location: https://elsewhere.test/login".to_owned(),
        };
        Answer::sized(307, &[&location], "")
    });
    let proxy = serve_one(&upstream);
    let own = upstream.address();
    let outside = format!("http://{}", proxy.address());
    let cases = [
        ("own", vec![format!("{outside}/mcp/next?a=1")]),
        (
            "relative",
            vec!["/mcp/next".to_owned(), format!("{outside}/mcp/next")],
        ),
        ("away", vec!["https://elsewhere.test/login".to_owned()]),
    ];
    for (number, (target, expected)) in (1..).zip(cases) {
        let mut client = RawClient::connect(proxy.address());
        let request = format!(
            "POST /mcp/{target} HTTP/1.1\r\nHost: {}\r\nX-Own: {own}\r\nContent-Length: 0\r\n\r\n",
            proxy.address()
        );
        let (response, _) = client.send(request).read();
        assert_eq!(response.status, 307);
        let location = response
            .header("location")
            .expect("the location stays")
            .to_owned();
        assert!(expected.contains(&location), "{target}: {location}");
        assert_eq!(
            upstream.exchanges().len(),
            number,
            "a redirect is not followed"
        );
    }
    proxy.stop();
}

#[test]
fn any_method_passes_and_head_has_no_body() {
    let upstream = Upstream::start(|exchange| match exchange.method() {
        "HEAD" => Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        _ => Answer::sized(200, &[], "12345"),
    });
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    for method in ["GET", "OPTIONS", "DELETE", "PATCH", "PURGE"] {
        let (response, body) = client
            .send(format!(
                "{method} /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
            ))
            .read();
        assert_eq!(
            (response.status, body.text().as_str()),
            (200, "12345"),
            "{method}"
        );
    }
    let response = client
        .send("HEAD /mcp HTTP/1.1\r\nHost: h\r\n\r\n")
        .read_head()
        .expect("a head");
    assert_eq!(response.header("content-length"), Some("5"));
    let (response, body) = client.send("GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n").read();
    assert_eq!(
        (response.status, body.text().as_str()),
        (200, "12345"),
        "the connection goes on after HEAD"
    );
    let methods: Vec<_> = upstream
        .exchanges()
        .iter()
        .map(|seen| seen.method().to_owned())
        .collect();
    assert_eq!(
        methods,
        ["GET", "OPTIONS", "DELETE", "PATCH", "PURGE", "HEAD", "GET"]
    );
    proxy.stop();
}

#[test]
fn expect_continue_is_answered_before_the_body() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client
        .send("POST /mcp HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    let interim = client
        .patience(SOON)
        .read_head()
        .expect("an interim response");
    assert_eq!(interim.status, 100);
    let (response, _) = client.send("body").read();
    assert_eq!(response.status, 200);
    assert_eq!(upstream.exchanges()[0].body, b"body");
    proxy.stop();
}

#[test]
fn trailers_cross_both_ways() {
    let upstream = Upstream::start(|_| {
        Answer::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
            .chunk("ab")
            .bytes("0\r\nX-Sum: 9\r\n\r\n")
    });
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.send("POST /mcp HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nTrailer: X-Check\r\nTransfer-Encoding: chunked\r\n\r\n");
    let (_, body) = client.send("3\r\nabc\r\n0\r\nX-Check: 1\r\n\r\n").read();
    assert_eq!(
        (body.text().as_str(), body.trailers.as_str()),
        ("ab", "X-Sum: 9\r\n")
    );
    let seen = &upstream.exchanges()[0];
    assert_eq!(
        (seen.body.as_slice(), seen.trailers.as_slice()),
        (&b"abc"[..], &b"X-Check: 1\r\n\r\n"[..])
    );
    proxy.stop();
}

#[test]
fn a_body_crosses_without_being_rewritten() {
    let upstream = Upstream::start(|exchange| {
        Answer::sized(200, &["Content-Type: application/json"], &exchange.body)
    });
    let proxy = serve_one(&upstream);
    let odd = "{ \"jsonrpc\" :\"2.0\",\"id\":1e0, \"method\":\"tools/call\",\"\\u006dore\":[1.0,2.50],\"params\":{\"name\":\"x\"} }\n";
    let mut client = RawClient::connect(proxy.address());
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        odd.len()
    );
    let (_, body) = client.send(head + odd).read();
    assert_eq!(body.text(), odd);
    assert_eq!(upstream.exchanges()[0].body, odd.as_bytes());
    let (response, _) = post_json(proxy.address(), "/mcp", &[], &rpc(1, "ping", &json!({})));
    assert_eq!(response.status, 200);
    proxy.stop();
}

#[test]
fn a_trace_goes_on_under_the_proxys_own_span() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let sent = format!("traceparent: 00-{trace}-b7ad6b7169203331-01\r\ntracestate: a=1\r\n");
    let seen = seen(&proxy, &upstream, &sent);
    let parents = seen.values("traceparent");
    let fields: Vec<_> = parents[0].split('-').collect();
    assert_eq!(
        (parents.len(), fields[0], fields[1], fields[3]),
        (1, "00", trace, "01")
    );
    assert_ne!(fields[2], "b7ad6b7169203331", "the parent is the proxy");
    assert_eq!(seen.values("tracestate"), ["a=1"]);
    assert_eq!(proxy.logged(|_| true)["trace_id"], trace);
    proxy.stop();
}

/// The copies in a body are its server's: whose parent they name is between it and its client (2026-07-28 basic,
/// OpenTelemetry trace context).
#[test]
fn the_trace_context_of_a_body_is_left_alone() {
    let upstream = plain();
    let proxy = serve_one(&upstream);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let copies = format!(
        r#"{{ "tracestate":"a=1,b=\u0032", "traceparent" : "{parent}","baggage":"user=%C3%A9;k", "io.modelcontextprotocol/protocolVersion":"2026-07-28" }}"#
    );
    let body = format!(
        r#"{{"jsonrpc":"2.0", "id":1,"method":"tools/call","params":{{"_meta":{copies},"name":"echo","arguments":{{}} }}}}"#
    );
    let mirrored = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo";
    let context = format!("traceparent: {parent}\r\ntracestate: a=1\r\nbaggage: k=v\r\n");
    for context in [context.as_str(), ""] {
        let before = upstream.exchanges().len();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n{mirrored}\r\n{context}Content-Length: {}\r\n\r\n",
            body.len()
        );
        let mut client = RawClient::connect(proxy.address());
        let (response, _) = client.send(head + &body).read();
        assert_eq!(response.status, 200);
        let seen = upstream.wait_for(before + 1, SOON).remove(before);
        assert_eq!(String::from_utf8_lossy(&seen.body), body);
        let parents = seen.values("traceparent");
        let others = (seen.values("tracestate"), seen.values("baggage"));
        if context.is_empty() {
            let none = (parents, others);
            assert_eq!(none, (vec![], (vec![], vec![])), "a body begins no trace");
        } else {
            let fields: Vec<_> = parents[0].split('-').collect();
            assert_eq!((parents.len(), fields[1]), (1, trace));
            assert_ne!(fields[2], "b7ad6b7169203331", "the parent is the proxy");
            assert_eq!(others, (vec!["a=1"], vec!["k=v"]));
        }
    }
    proxy.stop();
}
