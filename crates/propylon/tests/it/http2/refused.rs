//! Requests that an HTTP/2 server gives back: sent again where it says that it did not look at them, and never else.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use propylon_testkit::post_json;
use serde_json::json;

use super::frames::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INTERNAL_ERROR, REFUSED_STREAM, RST_STREAM,
    SETTINGS, frame,
};
use super::serve;

/// What a connection does with the first request on it.
#[derive(Clone, Copy, Debug)]
enum Act {
    Answer,
    /// RST_STREAM with this code.
    Reset(u32),
    /// GOAWAY with this as the last stream, and then the end.
    GoAway(u32),
    Close,
}

/// A server of which each connection acts in turn, and how many requests it has been sent.
fn server(acts: &'static [Act]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let acts = Mutex::new(acts.iter());
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let act = acts.lock().expect("nobody panics").next().copied();
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || connection(socket, act.unwrap_or(Act::Answer), &counted));
        }
    });
    (address, count)
}

fn connection(mut socket: TcpStream, act: Act, count: &AtomicUsize) -> Option<()> {
    let mut preface = [0; 24];
    socket.read_exact(&mut preface).ok()?;
    socket.write_all(&frame(SETTINGS, 0, 0, &[])).ok()?;
    loop {
        let mut head = [0; 9];
        socket.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        socket.read_exact(&mut payload).ok()?;
        let stream = u32::from_be_bytes(stream);
        // The whole request has come once its stream has ended.
        if !(matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0) {
            continue;
        }
        count.fetch_add(1, Ordering::SeqCst);
        match act {
            Act::Answer => socket
                .write_all(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &[0x88]))
                .ok()?,
            Act::Reset(code) => socket
                .write_all(&frame(RST_STREAM, 0, stream, &code.to_be_bytes()))
                .ok()?,
            Act::GoAway(last) => {
                let payload = [last.to_be_bytes(), 0_u32.to_be_bytes()].concat();
                socket.write_all(&frame(GOAWAY, 0, 0, &payload)).ok()?;
                return None;
            }
            Act::Close => return None,
        }
    }
}

#[test]
fn a_request_goes_again_only_where_its_server_did_not_look_at_it() {
    for (acts, status, reason, sent) in [
        (&[Act::Answer][..], 200, None, 1),
        (&[Act::Reset(REFUSED_STREAM), Act::Answer], 200, None, 2),
        (&[Act::GoAway(0), Act::Answer], 200, None, 2),
        (
            &[
                Act::Reset(REFUSED_STREAM),
                Act::GoAway(0),
                Act::Reset(REFUSED_STREAM),
                Act::Answer,
            ],
            503,
            Some("upstream-unreachable"),
            3,
        ),
        (
            &[Act::Reset(INTERNAL_ERROR), Act::Answer],
            502,
            Some("upstream-closed"),
            1,
        ),
        (
            &[Act::GoAway(1), Act::Answer],
            502,
            Some("upstream-closed"),
            1,
        ),
        (&[Act::Close, Act::Answer], 502, Some("upstream-closed"), 1),
    ] {
        let (address, count) = server(acts);
        let proxy = serve(&format!("http://{address}/mcp"), &["http2: true"], &[]);
        let message =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "t" } });
        let (response, body) = post_json(proxy.address(), "/mcp", &[], &message);
        assert_eq!(response.status, status, "{acts:?}: {}", body.text());
        assert_eq!(response.header("propylon-reason"), reason, "{acts:?}");
        // Whatever was sent again has arrived by now.
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(count.load(Ordering::SeqCst), sent, "{acts:?}");
        proxy.stop();
    }
}

#[test]
fn an_instance_that_does_not_speak_it_is_told_apart_from_one_that_is_away() {
    let upstream =
        propylon_testkit::Upstream::start(|_| propylon_testkit::Answer::sized(200, &[], "ok"));
    let proxy = serve(&upstream.url("/mcp"), &["http2: true"], &[]);
    let (response, _) = post_json(proxy.address(), "/mcp", &[], &json!({}));
    assert_eq!(response.status, 503);
    let line = proxy.logged(|line| line["status"] == 503);
    let detail = line["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("no HTTP/2 is spoken there"), "{detail}");
    // The preface reads as a request to whoever does not know it.
    let seen = upstream.exchanges();
    assert!(
        seen.iter().all(|seen| seen.method() != "POST"),
        "nothing was asked"
    );
    proxy.stop();
}
