//! Fields and lines, both ways.

use super::*;

const LIMITS: HeadLimits = HeadLimits {
    bytes_max: 4096,
    count_max: 16,
};

fn request(uri: &str, fields: &[(&str, &str)], is_ended: bool) -> Result<RequestHead, HeadError> {
    let mut request = Request::post(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    request_of_client(&parts, is_ended, LIMITS)
}

fn text(head: &RequestHead) -> String {
    String::from_utf8(head.head().to_vec()).unwrap()
}

#[test]
fn a_request_reads_as_lines() {
    let fields = [
        ("mcp-method", "tools/call"),
        ("cookie", "a=1"),
        ("host", "MCP.example.com"),
        ("cookie", "b=2"),
        ("content-length", "2"),
    ];
    let head = request("https://mcp.example.com/mcp?x=1", &fields, false).unwrap();
    assert_eq!(
        text(&head),
        "POST /mcp?x=1 HTTP/1.1\r\nHost: mcp.example.com\r\nmcp-method: tools/call\r\n\
         content-length: 2\r\ncookie: a=1; b=2\r\n\r\n"
    );
    assert_eq!(head.version, Version::Http2);
    assert_eq!(framing::of_request(&head), Ok(Framing::Sized(2)));
}

#[test]
fn a_body_without_a_length_ends_with_its_stream() {
    let framing = |is_ended| framing::of_request(&request("https://a/", &[], is_ended).unwrap());
    assert_eq!(framing(false), Ok(Framing::UntilClose));
    assert_eq!(framing(true), Ok(Framing::Empty));
}

#[test]
fn what_has_two_meanings_is_refused() {
    let refused = |fields: &[(&str, &str)]| request("https://a/", fields, true).is_err();
    assert!(refused(&[("host", "b")]), "another host than the authority");
    assert!(!refused(&[("host", "A")]));
    let long = "x".repeat(5000);
    assert!(refused(&[("a", &long)]), "more than the limit");
    let both = [("content-length", "1"), ("content-length", "1")];
    let head = request("https://a/", &both, false).unwrap();
    assert!(framing::of_request(&head).is_err(), "two lengths");
}

#[test]
fn lines_become_fields_without_those_of_a_connection() {
    let lines = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close, x\r\n\
                 Transfer-Encoding: chunked\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n";
    let head = ResponseHead::parse(lines.as_bytes(), LIMITS)
        .unwrap()
        .unwrap();
    let response = response_to_client(lines.as_bytes(), &head).unwrap();
    let fields: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_eq!(
        fields,
        [
            "content-type: text/event-stream",
            "set-cookie: a",
            "set-cookie: b"
        ]
    );
}

#[test]
fn a_request_to_a_server_has_its_pseudo_fields_and_no_host() {
    let lines =
        "POST /mcp?x HTTP/1.1\r\nHost: a:1\r\nMcp-Name: n\r\nTransfer-Encoding: chunked\r\n\r\n";
    let head = RequestHead::parse(&mut lines.as_bytes().to_vec(), LIMITS)
        .unwrap()
        .unwrap();
    let (request, framing) = request_to_server(&head, "https").unwrap();
    assert_eq!(request.uri().to_string(), "https://a:1/mcp?x");
    assert_eq!(request.headers().len(), 1);
    assert_eq!(framing, Framing::Chunked);
}

#[test]
fn secrets_are_not_compressed_with_what_others_send() {
    let lines = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer t\r\n\
                 Mcp-Session-Id: s\r\nUser-Agent: u\r\nX-Request-Id: r\r\nX-Api-Key: k\r\n\r\n";
    let head = RequestHead::parse(&mut lines.as_bytes().to_vec(), LIMITS)
        .unwrap()
        .unwrap();
    let (request, _) = request_to_server(&head, "https").unwrap();
    let literal: Vec<_> = request
        .headers()
        .iter()
        .filter(|(_, value)| value.is_sensitive())
        .map(|(name, _)| name.as_str())
        .collect();
    let expected = [
        "authorization",
        "mcp-session-id",
        "x-request-id",
        "x-api-key",
    ];
    assert_eq!(literal, expected);
}

#[test]
fn a_response_without_a_body_says_so() {
    let lines = |status: u16, is_ended| {
        let response = Response::builder().status(status).body(()).unwrap();
        let mut out = Vec::new();
        response_of_server(&response, is_ended, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        lines(202, true),
        "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
    );
    assert_eq!(lines(204, true), "HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(lines(200, false), "HTTP/1.1 200 OK\r\n\r\n");
}

#[test]
fn trailers_lose_what_must_not_trail() {
    let mut fields = HeaderMap::new();
    fields.insert("x-sum", HeaderValue::from_static("1"));
    fields.insert("mcp-session-id", HeaderValue::from_static("2"));
    let lines = trailer_lines(&fields);
    assert_eq!(lines, b"x-sum: 1\r\n");
    assert_eq!(trailer_fields(&lines).unwrap().len(), 1);
    assert!(trailer_fields(b"").is_none());
}
