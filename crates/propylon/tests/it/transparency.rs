//! Bytes go through as they are: odd but legal messages and streams, in both directions and both eras.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use propylon_testkit::{Answer, Ending, Propylon, RawClient, Upstream};

use crate::front::serve_with;

/// Streams that are legal, or that a client would forgive.
const STREAMS: &[&[u8]] = &[
    b"data: 1\n\n",
    b": a comment\n\ndata: 1\n\n: another\n:\n:\n\ndata: 2\n\n",
    b"id: 1\ndata: \n\n",
    b"id: a/b=c \xc3\xa9\nretry: 1500\ndata: {}\n\nid\ndata: {}\n\n",
    b"retry: 3000\n\nid: 7\n\nevent: gone\n\ndata: 1\n\n",
    b"event: message\r\nid: 2\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n",
    b"data: 1\r\rdata: 2\r\r",
    b"data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\n\n",
    b"\xef\xbb\xbfdata: 1\n\n",
    b"\xef\xbb\xbf: marked\n\ndata: \xef\xbb\xbf\n\n",
    b"unknown: x\nDATA: y\n data: z\ndata: 1\nx\n\n",
    b"data\ndata\n\ndata:\n\ndata:  two spaces\n\n",
    b"data: {\"n\":123456789012345678901234567890,\"e\":1e400,\"z\":-0.0,\"a\":1,\"a\":2}\n\n",
    b"data: {\"s\":\"\\ud800\\u0000\\/\"}\n\n",
    b"data: \xe2\x98\x95\xf0\x9f\x8e\x89 \xff\xfe\n\n",
    b"event: endpoint\ndata: not the first\ndata: line\n\nevent: endpoint\ndata: /m?s=1\n\n",
    b"\n\n\n\r\n\r\ndata: 1\n\n\n\n",
    b"data: never whole",
    b"data: 1\n\n: and no end",
    b"\0data: 1\n\nda\0ta: 2\n\n",
    b"",
];

/// How the server says where its stream ends.
#[derive(Clone, Copy, Debug)]
enum Framing {
    Chunked,
    UntilClose,
}

/// The answer with this stream cut at these places, with a pause at the first or none.
fn answer(framing: Framing, stream: &[u8], cuts: &[usize], pause: Duration) -> Answer {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";
    let mut ends: Vec<_> = cuts.to_vec();
    ends.push(stream.len());
    ends.sort_unstable();
    // In one piece with the head, so that no comment comes before a byte order mark.
    let mut wire = match framing {
        Framing::Chunked => format!("{head}Transfer-Encoding: chunked\r\n\r\n"),
        Framing::UntilClose => format!("{head}Connection: close\r\n\r\n"),
    }
    .into_bytes();
    let mut answer = Answer::new();
    let mut start = 0;
    for (number, end) in ends.into_iter().enumerate() {
        let piece = &stream[std::mem::replace(&mut start, end)..end];
        if number == 1 && !pause.is_zero() {
            answer = answer.bytes(&wire).wait(pause);
            wire.clear();
        }
        match framing {
            _ if piece.is_empty() => {}
            Framing::UntilClose => wire.extend_from_slice(piece),
            Framing::Chunked => {
                let size = format!("{:03X};name=\"value {number}\"\r\n", piece.len());
                wire.extend([size.as_bytes(), piece, b"\r\n"].concat());
            }
        }
        if pause.is_zero() {
            answer = answer.bytes(&wire);
            wire.clear();
        }
    }
    let answer = answer.bytes(&wire);
    match framing {
        Framing::Chunked => answer.bytes("000;last\r\n\r\n"),
        Framing::UntilClose => answer.close(),
    }
}

/// What is asked in each era for a stream.
const ASKED: [&str; 2] = [
    "GET /mcp HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n",
    "POST /mcp HTTP/1.1\r\nHost: h\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n\
     MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\nContent-Length: 241\r\n\r\n\
     {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
     \"io.modelcontextprotocol/clientInfo\":{\"name\":\"raw\",\"version\":\"1\"},\"io.modelcontextprotocol/clientCapabilities\":{}}}}     ",
];

fn ask(address: std::net::SocketAddr, asked: &str) -> (Vec<u8>, Ending) {
    let mut client = RawClient::connect(address);
    let (response, body) = client.send(asked).read();
    assert_eq!(response.status, 200, "{}{}", response.head, body.text());
    (body.bytes, body.ending)
}

/// A server whose next answers the test decides.
type Next = Arc<Mutex<Option<Box<dyn Fn() -> Answer + Send>>>>;

fn server(keepalive: &str) -> (Upstream, Propylon, Next) {
    let next: Next = Arc::default();
    let answering = Arc::clone(&next);
    let upstream = Upstream::start(move |_| {
        let next = answering.lock().unwrap_or_else(PoisonError::into_inner);
        next.as_ref().map_or_else(Answer::new, |next| next())
    });
    let keepalive = format!("keepalive: {keepalive}");
    let proxy = serve_with(&[upstream.url("/mcp")], &[&keepalive], &[]);
    (upstream, proxy, next)
}

fn set(next: &Next, answer: impl Fn() -> Answer + Send + 'static) {
    *next.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(answer));
}

fn without_comments(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let mut kept = Vec::new();
    let ours = [&b": keepalive\r\n\r\n"[..], b": keepalive\n\n"];
    while let Some((first, after)) = rest.split_first() {
        if let Some(behind) = ours.iter().find_map(|comment| rest.strip_prefix(*comment)) {
            rest = behind;
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}

#[test]
fn odd_streams_are_the_same_through_us_as_direct() {
    let (upstream, proxy, next) = server("60ms");
    let mut comments = 0;
    for (number, stream) in STREAMS.iter().enumerate() {
        let framing = [Framing::Chunked, Framing::UntilClose][number % 2];
        let first_end = stream.windows(2).position(|end| end == b"\n\n");
        let thirds = vec![stream.len() / 3, stream.len() * 2 / 3, stream.len() * 5 / 6];
        let whole = vec![first_end.map_or(0, |end| end + 2)];
        for (asked, cuts) in ASKED.into_iter().zip([thirds, whole]) {
            set(&next, move || {
                answer(framing, stream, &cuts, Duration::from_millis(150))
            });
            let direct = ask(upstream.address(), asked).0;
            assert_eq!(&direct, stream, "the server sends what it should");
            let (through, ending) = ask(proxy.address(), asked);
            let shown = String::from_utf8_lossy(&through).into_owned();
            assert_eq!(ending, Ending::Complete, "{shown:?}");
            assert_eq!(without_comments(&through), direct, "{shown:?}");
            comments += usize::from(through.len() > direct.len());
        }
    }
    assert!(comments > 5, "some pauses fell between events: {comments}");
    proxy.stop();
}

#[test]
fn any_split_of_a_stream_is_the_same_stream() {
    let (_upstream, proxy, next) = server("off");
    let pieces = prop::collection::vec(prop::sample::select(STREAMS.to_vec()), 1..4);
    let cuts = prop::collection::vec(any::<Index>(), 0..12);
    let framing = prop::sample::select(vec![Framing::Chunked, Framing::UntilClose]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(
        &(pieces, cuts, framing, 0..ASKED.len()),
        |(pieces, cuts, framing, era)| {
            let stream = pieces.concat();
            let cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            let sent = stream.clone();
            set(&next, move || answer(framing, &sent, &cuts, Duration::ZERO));
            let (through, ending) = ask(proxy.address(), ASKED[era]);
            prop_assert_eq!(ending, Ending::Complete);
            prop_assert_eq!(through, stream);
            Ok(())
        },
    );
    outcome.unwrap_or_else(|error| panic!("{error}"));
    proxy.stop();
}

/// Arguments that a proxy which reads and writes JSON would change.
const ARGUMENTS: &[&str] = &[
    "{\"b\":1,\"a\":2}",
    "{\"a\":1,\"a\":2,\"\":3}",
    "{ \"a\" :\t1.0 , \"b\"\r\n:\n[ ] }",
    "{\"n\":123456789012345678901234567890,\"m\":-0,\"e\":1E400,\"f\":0.10000000000000000001}",
    "{\"s\":\"\\u0041\\/\\ud83c\\udf89\\u0000\"}",
    "{\"s\":\"\\ud800 alone\"}",
    "{\"s\":\"\u{2615}\u{feff}\u{2028}\u{1f389}e\u{301}\"}",
    "{\"__proto__\":{},\"constructor\":null,\"toString\":true}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
];

fn message(era: usize, arguments: &str) -> String {
    let meta = "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{}}";
    match era {
        0 => format!(
            "{{\"params\":{{\"arguments\":{arguments},\"name\":\"x\"}},\"id\":\"\\u0031\",\"method\":\"tools/call\",\"jsonrpc\":\"2.0\"}}\n "
        ),
        _ => format!(
            " \n{{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"params\":{{\"name\":\"x\",\"_meta\":{meta},\"arguments\":{arguments}}},\"method\":\"tools/call\"}}"
        ),
    }
}

const CALL_LINES: [&str; 2] = [
    "MCP-Protocol-Version: 2025-06-18\r\n",
    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: x\r\n",
];

#[test]
fn odd_messages_arrive_and_come_back_as_they_were_sent() {
    let upstream = Upstream::start(|exchange| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (first, second) = exchange.body.split_at(exchange.body.len() / 2);
        Answer::raw(head).chunk(first).chunk(second).last_chunk()
    });
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &[]);
    let long = format!("{{\"long\":\"{}\"}}", "\u{e9}".repeat(150_000));
    for arguments in ARGUMENTS.iter().copied().chain([&*long]) {
        for (era, lines) in CALL_LINES.iter().enumerate() {
            let sent = message(era, arguments).into_bytes();
            for is_chunked in [false, true] {
                let head = format!(
                    "POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
                                    Accept: application/json, text/event-stream\r\n{lines}"
                );
                let mut client = RawClient::connect(proxy.address());
                if is_chunked {
                    client.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n"));
                    for piece in sent.chunks(sent.len() / 5 + 1) {
                        client
                            .send(format!("0{:X};a=\"b\"\r\n", piece.len()))
                            .send(piece)
                            .send("\r\n");
                    }
                    client.send("0\r\n\r\n");
                } else {
                    client
                        .send(format!("{head}Content-Length: {}\r\n\r\n", sent.len()))
                        .send(&sent);
                }
                let (response, body) = client.read();
                assert_eq!(response.status, 200, "{}{}", response.head, body.text());
                assert!(body.bytes == sent, "what comes back: {}", body.text());
                let arrived = upstream.exchanges().pop().expect("the message arrives");
                assert!(
                    arrived.body == sent,
                    "{}",
                    String::from_utf8_lossy(&arrived.body)
                );
            }
        }
    }
    proxy.stop();
}
