//! Answers of real servers, and what they give away.

use std::sync::Arc;

use super::*;
use crate::http1::head::HeadLimits;
use crate::phase::route::Route;
use crate::upstream::Upstream;

const LIMITS: HeadLimits = HeadLimits {
    bytes_max: 4096,
    count_max: 32,
};

/// The sign that an answer shows, its head and body in one text, to a POST with these lines and this method.
fn sign(lines: &str, method: &str, answer: &str) -> Option<&'static str> {
    let endpoints =
        propylon_config::Endpoints::Urls(vec!["http://10.0.0.1:3001/mcp".parse().unwrap()]);
    let upstream = Upstream::new(propylon_config::Upstream::new("weather", endpoints), None);
    let config = propylon_config::Route::to("weather", "/weather");
    let route = Route::new(&config, Arc::new(upstream.unwrap()), Arc::default());
    let sides = Sides {
        route: &route,
        inside: ["10.0.0.1:3001", "mcp.example.com"],
        scheme: "http",
        host: "mcp.example.com",
    };
    let text = format!("POST /weather HTTP/1.1\r\nHost: mcp.example.com\r\n{lines}\r\n");
    let request = RequestHead::parse(&mut text.into_bytes(), LIMITS);
    let request = request.unwrap().unwrap();
    let mut facts = Facts::of_head(&request);
    facts.rpc.id = Some("1".into());
    facts.rpc.method = Some(method.into());
    let (head, body) = answer.split_once("\n\n").unwrap();
    let head = format!("HTTP/1.1 {}\r\n\r\n", head.replace('\n', "\r\n"));
    let response = ResponseHead::parse(head.as_bytes(), LIMITS)
        .unwrap()
        .unwrap();
    let suspicion = Suspicion::of(&Seen {
        request: &request,
        facts: &facts,
        target: "/mcp",
        head: head.as_bytes(),
        response: &response,
        framing: Framing::Sized(body.len() as u64),
        sides: &sides,
    });
    let found = suspicion
        .settled()
        .or_else(|| suspicion.settle(body.as_bytes()));
    found.map(|sign| sign.id)
}

const ACCEPT: &str = "Accept: application/json, text/event-stream\r\n";
const SESSION: &str = "Mcp-Session-Id: a\r\n";
const MODERN: &str = "MCP-Protocol-Version: 2026-07-28\r\n";

/// Lines of a request, the answer to it, and the sign that shows.
const SHOWN: &[(&str, &str, &str)] = &[
    (
        "",
        "421 Misdirected Request\n\nInvalid Host header",
        "host-misdirected",
    ),
    (
        "",
        "403 Forbidden\n\n{\"jsonrpc\":\"2.0\",\"error\":{\"message\":\"Invalid Host: a\"}}",
        "host-forbidden",
    ),
    (ACCEPT, "406 Not Acceptable\n\n", "accept-lost-behind"),
    (
        "Accept: application/json\r\n",
        "406 Not Acceptable\n\n",
        "accept-lost-in-front",
    ),
    (
        "",
        "307 Temporary Redirect\nLocation: http://10.0.0.1:3001/mcp/\n\n",
        "redirect-to-slash",
    ),
    (
        "",
        "308 Permanent Redirect\nLocation: /mcp/?a=b\n\n",
        "redirect-to-slash",
    ),
    (
        "",
        "400 Bad Request\n\nBad Request: Missing session ID",
        "session-lost-in-front",
    ),
    (
        SESSION,
        "400 Bad Request\n\nBad Request: Missing session ID",
        "session-lost-behind",
    ),
    (
        SESSION,
        "400 Bad Request\n\nBad Request: No valid session ID provided",
        "session-unknown",
    ),
    (
        "",
        "400 Bad Request\n\nMCP-Protocol-Version header is required",
        "version-lost-in-front",
    ),
    (
        MODERN,
        "400 Bad Request\n\nMissing MCP-Protocol-Version header",
        "version-lost-behind",
    ),
    (
        MODERN,
        "400 Bad Request\n\nHeader mismatch: Mcp-Name is missing",
        "names-lost",
    ),
    (
        MODERN,
        "400 Bad Request\n\nHeader mismatch: Mcp-Param-Region",
        "params-lost",
    ),
    (
        "",
        "400 Bad Request\n\nBad Request: Server not initialized",
        "session-lost-in-front",
    ),
    ("", "413 Content Too Large\n\n", "body-too-large"),
    (
        "",
        "431 Request Header Fields Too Large\n\n",
        "head-too-large",
    ),
    (
        "",
        "400 Bad Request\n\n<center>Request Header Or Cookie Too Large</center>",
        "head-too-large-400",
    ),
    (
        "",
        "200 OK\nContent-Type: text/html; charset=utf-8\n\n<html>",
        "page-for-response",
    ),
    ("", "200 OK\n\n", "nothing-for-response"),
    (
        "",
        "404 Not Found\nContent-Type: text/html\n\nCannot POST /mcp",
        "endpoint-not-found",
    ),
];

#[test]
fn each_sign_is_told_by_its_answer() {
    for (lines, answer, expected) in SHOWN {
        assert_eq!(
            sign(lines, "tools/call", answer),
            Some(*expected),
            "{lines}{answer}"
        );
    }
}

#[test]
fn answers_that_servers_have_reasons_for_are_left_alone() {
    let json = "Content-Type: application/json";
    for (lines, method, answer) in [
        ("", "tools/call", format!("200 OK\n{json}\n\n{{}}")),
        (
            "",
            "tools/call",
            "403 Forbidden\n\ninsufficient_scope".into(),
        ),
        ("", "tools/call", "401 Unauthorized\n\n".into()),
        (
            "",
            "initialize",
            "400 Bad Request\n\nBad Request: Missing session ID".into(),
        ),
        (
            MODERN,
            "tools/call",
            "400 Bad Request\n\nBad Request: Missing session ID".into(),
        ),
        (
            MODERN,
            "tools/call",
            "400 Bad Request\n\nUnsupported protocol version: 2026-07-28".into(),
        ),
        (
            "",
            "tools/call",
            "307 Temporary Redirect\nLocation: https://login.example/\n\n".into(),
        ),
        (
            "",
            "tools/call",
            "307 Temporary Redirect\nLocation: /login\n\n".into(),
        ),
        (
            SESSION,
            "tools/call",
            format!(
                "404 Not Found\n{json}\n\n{{\"jsonrpc\":\"2.0\",\"error\":{{\"code\":-32001}}}}"
            ),
        ),
        (
            "",
            "tools/call",
            "500 Internal Server Error\n\n<html>".into(),
        ),
    ] {
        assert_eq!(sign(lines, method, &answer), None, "{lines}{answer}");
    }
}
