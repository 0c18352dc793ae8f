//! Requests that HTTP/1.1 cannot say, or says otherwise: carried over, or refused on their stream alone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::HeaderMap;
use propylon_testkit::{Answer, Propylon, Upstream};

use super::client::{Client, piece, rest, run};
use super::frames::{
    self, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, PROTOCOL_ERROR, RST_STREAM,
    SETTINGS, block, frame,
};
use super::serve;

const SOON: Duration = Duration::from_secs(10);

fn echo() -> Upstream {
    Upstream::start(|_| Answer::sized(200, &["Connection: x-hop", "X-Hop: 1"], "ok"))
}

#[test]
fn what_could_be_read_in_two_ways_is_refused_and_the_connection_goes_on() {
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let long = "x".repeat(100_000);
        for (method, fields, status) in [
            ("POST", &[("host", "elsewhere.example.com")][..], 400),
            (
                "POST",
                &[("content-length", "0"), ("content-length", "0")],
                400,
            ),
            ("POST", &[("x-long", &long)], 431),
        ] {
            let request = client.request(method, fields);
            let response = client.send(request, None).await.expect("an answer");
            assert_eq!(response.status(), status, "{fields:?}");
            assert!(response.headers().contains_key("propylon-reason"));
        }
        let tunnel = http::Request::builder()
            .method("CONNECT")
            .uri(proxy.address().to_string())
            .body(())
            .expect("a request");
        let response = client.send(tunnel, None).await.expect("an answer");
        assert!(response.status().is_client_error(), "there is no tunnel");
        assert!(upstream.exchanges().is_empty(), "nothing came through");
        let request = client.request("POST", &[]);
        let response = client.send(request, Some("{}")).await.expect("an answer");
        assert_eq!(response.status(), 200, "the connection is still good");
    });
    proxy.stop();
}

/// Sends a request with these fields and a body of two bytes, and gives the code that its stream, or all of them, ended with.
fn reset_of(proxy: &Propylon, fields: &[(&str, &str)]) -> Option<u32> {
    let mut socket = TcpStream::connect(proxy.address()).expect("the proxy listens");
    let patience = Some(Duration::from_secs(10));
    socket.set_read_timeout(patience).expect("it can be set");
    let request = [
        PREFACE,
        &frame(SETTINGS, 0, 0, &[]),
        &frame(HEADERS, END_HEADERS, 1, &block(fields)),
        &frame(DATA, END_STREAM, 1, b"{}"),
    ];
    socket.write_all(&request.concat()).expect("it is sent");
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let ended = frames::read(&said)
            .into_iter()
            .find(|(kind, ..)| matches!(*kind, HEADERS | RST_STREAM | GOAWAY));
        match ended {
            Some((RST_STREAM, _, payload)) => return frames::code(&payload),
            Some((GOAWAY, _, payload)) => return frames::code(payload.get(4..8)?),
            Some(_) => return None,
            None => {}
        }
        let read = socket.read(&mut piece).expect("an answer");
        assert!(read > 0, "{fields:?}: the connection ended");
        said.extend_from_slice(&piece[..read]);
    }
}

#[test]
fn what_is_malformed_is_refused_unread() {
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    assert_eq!(reset_of(&proxy, &[("x-good", "1")]), None);
    upstream.wait_for(1, SOON);
    for fields in [
        &[("connection", "close")][..],
        &[("transfer-encoding", "chunked")],
        &[("keep-alive", "1")],
        &[("upgrade", "h2c")],
        &[("te", "gzip")],
        &[("content-length", "7")],
        &[("content-length", "1"), ("content-length", "2")],
        &[("X-Upper", "1")],
        &[("x-split", "a\r\nb: c")],
        &[("x-nul", "a\0b")],
        &[("x-late", "1"), (":path", "/other")],
    ] {
        let code = reset_of(&proxy, fields);
        assert_eq!(code, Some(PROTOCOL_ERROR), "{fields:?}");
    }
    assert_eq!(upstream.exchanges().len(), 1, "nothing came through");
    proxy.stop();
}

#[test]
fn fields_cross_without_those_of_a_connection() {
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let fields = [
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("te", "trailers"),
            ("mcp-param-user_id", "7"),
        ];
        let request = client.request("POST", &fields);
        let response = client.send(request, Some("{}")).await.expect("an answer");
        let names = ["connection", "x-hop", "transfer-encoding", "keep-alive"];
        assert!(
            names
                .iter()
                .all(|name| !response.headers().contains_key(*name))
        );
    });
    let seen = upstream.wait_for(1, SOON).remove(0);
    assert_eq!(
        seen.header("host"),
        Some(proxy.address().to_string().as_str())
    );
    assert_eq!(seen.header("cookie"), Some("a=1; b=2"));
    assert_eq!(seen.header("mcp-param-user_id"), Some("7"));
    assert_eq!(seen.header("te"), None);
    assert_eq!(seen.header("via"), Some("2 propylon"));
    assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
    assert_eq!(seen.body, b"{}");
    assert_eq!(proxy.logged(|line| line["status"] == 200)["http"], "2");
    proxy.stop();
}

#[test]
fn trailers_and_interim_answers_cross() {
    let upstream = Upstream::start(|_| {
        Answer::raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            .bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .chunk("ok")
            .bytes("0\r\nX-Sum: 2\r\nHost: smuggled\r\n\r\n")
    });
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let request = client.request("POST", &[]);
        let (mut response, mut stream) = client
            .send
            .send_request(request, false)
            .expect("it is sent");
        stream
            .send_data(Bytes::from_static(b"{}"), false)
            .expect("it is sent");
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().expect("a value"));
        stream.send_trailers(trailers).expect("they are sent");
        let interim = std::future::poll_fn(|cx| response.poll_informational(cx)).await;
        assert_eq!(
            interim.map(|interim| interim.map(|it| it.status().as_u16()).ok()),
            Some(Some(103))
        );
        let mut body = response.await.expect("an answer").into_body();
        assert_eq!(rest(&mut body).await.expect("a body"), "ok");
        let trailers = body.trailers().await.expect("an end").expect("trailers");
        assert_eq!(
            trailers.get("x-sum").map(|value| value.as_bytes()),
            Some(&b"2"[..])
        );
        assert!(!trailers.contains_key("host"));
    });
    let raw = String::from_utf8_lossy(&upstream.connections()[0].bytes).into_owned();
    assert!(raw.ends_with("2\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n"), "{raw}");
    proxy.stop();
}

#[test]
fn an_answer_that_is_cut_is_reset_and_not_ended() {
    let upstream = Upstream::start(|_| {
        Answer::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .chunk("half")
            .close()
    });
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    run(async {
        let mut client = Client::connect(proxy.address()).await;
        let request = client.request("POST", &[]);
        let response = client.send(request, Some("{}")).await.expect("an answer");
        let mut body = response.into_body();
        let first = piece(&mut body)
            .await
            .expect("what came")
            .expect("what came");
        assert_eq!(first, "half");
        let error = piece(&mut body)
            .await
            .expect("no clean end")
            .expect_err("no clean end");
        assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
    });
    proxy.stop();
}
