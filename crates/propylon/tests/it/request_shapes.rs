//! Requests whose end is open to dispute are refused before anybody else reads them; clear ones keep their order.

use std::time::Duration;

use propylon_testkit::{Answer, Ending, RawClient, Upstream};

use crate::front::serve_one;

const SOON: Duration = Duration::from_secs(5);

/// Each with what is wrong with it.
const SHAPES: &[(&str, &str)] = &[
    (
        "length and chunks",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunks and length",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    ),
    (
        "two lengths",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    ),
    (
        "the same length twice",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
    ),
    (
        "a list of lengths",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 4, 5\r\n\r\nabcd",
    ),
    (
        "a signed length",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\nabcd",
    ),
    (
        "an empty length",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n",
    ),
    (
        "a folded header",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a folded first header",
        "POST /mcp HTTP/1.1\r\n Host: h\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "bare line feeds",
        "POST /mcp HTTP/1.1\nHost: h\nContent-Length: 0\n\n",
    ),
    (
        "one bare line feed",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nX-A: 1\nX-B: 2\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a bare carriage return",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nX-A: 1\rX-B: 2\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a space before the colon",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "an unknown coding",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunked twice",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunked not last",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunks in HTTP/1.0",
        "POST /mcp HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    ("no host", "POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    (
        "two hosts",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nHost: i\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a NUL in a value",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a space in a name",
        "POST /mcp HTTP/1.1\r\nHost: h\r\nX A: 1\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "no name",
        "POST /mcp HTTP/1.1\r\nHost: h\r\n: 1\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a space in the target",
        "POST /mcp /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "no version",
        "POST /mcp\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    ),
];

#[test]
fn smuggling_shapes_are_400_and_reach_nobody() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "reached"));
    let proxy = serve_one(&upstream);
    let smuggled = "GET /mcp/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut wrong = Vec::new();
    for (what, shape) in SHAPES {
        let mut client = RawClient::connect(proxy.address());
        let _ = client.try_send(format!("{shape}{smuggled}"));
        let head = client.patience(SOON).read_head();
        let refused = head.as_ref().is_ok_and(|head| {
            head.status == 400 && head.header("propylon-reason") == Some("request-invalid")
        });
        let reached = upstream
            .connections()
            .iter()
            .any(|connection| !connection.bytes.is_empty());
        if !refused || reached {
            wrong.push(format!(
                "{what}: {:?}, reached {reached}",
                head.map(|head| head.status)
            ));
        } else if let Ok(head) = head {
            let _ = client.read_body(&head);
            let (ending, _) = client.read_to_end();
            if ending == Ending::Silence {
                wrong.push(format!("{what}: the connection stays open"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    proxy.stop();
}

#[test]
fn bad_chunks_reach_nobody_as_a_whole_request() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "reached"));
    let proxy = serve_one(&upstream);
    for chunks in [
        "zz\r\nabc\r\n0\r\n\r\n",
        "3\nabc\n0\n\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nabc",
        "-3\r\nabc\r\n0\r\n\r\n",
    ] {
        let mut client = RawClient::connect(proxy.address());
        let _ = client.try_send(format!(
            "POST /mcp HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        ));
        let status = client.patience(SOON).read_head().map(|head| head.status);
        assert!(
            matches!(status, Ok(400) | Err(Ending::Fin | Ending::Reset)),
            "{chunks:?}: {status:?}"
        );
    }
    assert_eq!(upstream.exchanges().len(), 0);
    proxy.stop();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let upstream = Upstream::start(|exchange| {
        let slow = exchange.target() == "/mcp/0";
        Answer::new()
            .wait(Duration::from_millis(if slow { 200 } else { 0 }))
            .bytes(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
                exchange.target().len(),
                exchange.target()
            ))
    });
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    let request = |number: usize| match number % 2 {
        0 => format!("GET /mcp/{number} HTTP/1.1\r\nHost: h\r\n\r\n"),
        _ => format!("POST /mcp/{number} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
    };
    client.send((0..8).map(request).collect::<String>());
    for number in 0..8 {
        let (response, body) = client.read();
        assert_eq!(
            (response.status, body.text()),
            (200, format!("/mcp/{number}"))
        );
    }
    let targets: Vec<_> = upstream
        .exchanges()
        .iter()
        .map(|seen| seen.target().to_owned())
        .collect();
    assert_eq!(
        targets,
        (0..8)
            .map(|number| format!("/mcp/{number}"))
            .collect::<Vec<_>>()
    );
    proxy.stop();
}
