//! Hostile servers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use propylon_testkit::{Answer, RawClient, Upstream};
use serde_json::Value;

use super::SOON;
use crate::front::{assert_refused, serve, serve_one};

/// A server that does with each connection what `script` says, once a request's head has come.
fn bare(script: fn(&mut TcpStream, &[u8]) -> std::io::Result<()>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten().take(1000) {
            thread::spawn(move || play(stream, script));
        }
    });
    address
}

/// Ends with the connection.
fn play(mut stream: TcpStream, script: fn(&mut TcpStream, &[u8]) -> std::io::Result<()>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            if script(&mut stream, &head).is_err() {
                return;
            }
            head.clear();
        }
    }
}

#[test]
fn a_head_that_two_parsers_read_differently_is_502() {
    for head in [
        "HTTP/1.1 200 OK\r\nX-A: 1\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        "HTTP/1.1 000 None\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 099 None\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ] {
        let upstream = Upstream::start(move |_| Answer::raw(head).close());
        let proxy = serve_one(&upstream);
        let answer = RawClient::connect(proxy.address())
            .send("GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n")
            .read();
        assert_refused(&answer, 502, "upstream-response-invalid", &Value::Null);
        proxy.stop();
    }
}

#[test]
fn an_interim_response_keeps_its_connection_to_itself() {
    let upstream = Upstream::start(|_| {
        Answer::raw(
            "\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close, x-hop\r\nX-Hop: 1\r\n\
             Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        )
        .wait(Duration::from_millis(50))
        .bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    });
    let proxy = serve_one(&upstream);
    let mut client = RawClient::connect(proxy.address());
    client.send("GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
    let interim = client.read_head().expect("an interim response");
    assert_eq!(
        interim.head,
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    );
    assert_eq!(client.read().1.text(), "ok");
    proxy.stop();
}

#[test]
fn interim_responses_nobody_reads_take_no_memory() {
    let upstream = bare(|stream, _| {
        let one = format!("HTTP/1.1 103 E\r\nLink: <{}>\r\n\r\n", "x".repeat(900));
        let many = one.repeat(60);
        stream.set_write_timeout(Some(SOON))?;
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(2) {
            stream.write_all(many.as_bytes())?;
        }
        Ok(())
    });
    let proxy = serve(&[format!("http://{upstream}/mcp")]);
    let mut client = RawClient::connect_narrow(proxy.address(), 4096);
    let before = proxy.resident_bytes();
    client.send("GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
    thread::sleep(Duration::from_secs(2));
    let grown = proxy.resident_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more");
    proxy.stop();
}

#[test]
fn a_late_body_of_head_is_nobodys_answer() {
    let upstream = bare(|stream, head| {
        if head.starts_with(b"HEAD") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n")?;
            thread::sleep(Duration::from_micros(300));
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nBAD")
        } else {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
        }
    });
    let proxy = serve(&[format!("http://{upstream}/mcp")]);
    for _ in 0..50 {
        let mut client = RawClient::connect(proxy.address());
        client.send("HEAD /mcp HTTP/1.1\r\nHost: h\r\n\r\nGET /mcp HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.read_head().map(|head| head.status), Ok(200));
        let (response, body) = client.read();
        assert_eq!((response.status, body.text()), (200, "good".to_owned()));
    }
    proxy.stop();
}
