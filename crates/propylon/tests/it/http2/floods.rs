//! Clients that send frames for their own sake: their connection is closed, memory is bounded, and others are served.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use propylon_testkit::{Answer, Propylon, Upstream};

use super::frames::{
    self, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, PING,
    PREFACE, PRIORITY, RST_STREAM, SETTINGS, block, frame,
};
use super::serve;
use crate::front::{get, metric};

/// The number'th request's stream.
fn stream(number: u32) -> u32 {
    2 * number + 1
}

fn begun(flags: u8, number: u32) -> Vec<u8> {
    frame(HEADERS, flags, stream(number), &block(&[]))
}

type Attack = fn(u32) -> Vec<u8>;

const ATTACKS: &[(&str, Attack)] = &[
    ("rapid reset", |number| {
        let reset = frame(RST_STREAM, 0, stream(number), &8_u32.to_be_bytes());
        [begun(END_HEADERS | END_STREAM, number), reset].concat()
    }),
    ("ping", |_| frame(PING, 0, 0, &[0; 8])),
    ("settings", |_| frame(SETTINGS, 0, 0, &[])),
    ("priority", |_| frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 0])),
    ("unknown frames", |_| frame(0xee, 0, 0, b"?")),
    ("empty data", |number| match number {
        0 => begun(END_HEADERS, 0),
        _ => frame(DATA, 0, 1, &[]),
    }),
    ("continuation", |number| match number {
        0 => frame(HEADERS, 0, 1, &[0x83]),
        _ => frame(CONTINUATION, 0, 1, &[]),
    }),
    ("continuation of a field", |number| match number {
        0 => frame(HEADERS, 0, 1, &[0x83]),
        _ => frame(
            CONTINUATION,
            0,
            1,
            &[&[0x00, 1, b'a', 100][..], &[b'x'; 100]].concat(),
        ),
    }),
    ("more requests than may be open", |number| {
        begun(END_HEADERS, number)
    }),
];

/// Sends until the proxy has had enough; what it said then.
fn attack(proxy: &Propylon, attack: Attack) -> Vec<u8> {
    let mut socket = TcpStream::connect(proxy.address()).expect("the proxy listens");
    let patience = Some(Duration::from_secs(10));
    socket.set_read_timeout(patience).expect("it can be set");
    socket.set_write_timeout(patience).expect("it can be set");
    let reading = socket.try_clone().expect("it can be cloned");
    let answer = std::thread::spawn(move || {
        let (mut reading, mut said) = (reading, Vec::new());
        // A reset after the last frame is as good an end.
        let _ = reading.read_to_end(&mut said);
        said
    });
    let mut first = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    for round in 0..2_000 {
        for number in round * 100..(round + 1) * 100 {
            first.extend(attack(number));
        }
        if socket.write_all(&first).is_err() {
            break;
        }
        first.clear();
    }
    answer.join().expect("it reads")
}

/// The code of the last GOAWAY among these frames.
fn went_away(said: &[u8]) -> Option<u32> {
    let frames = frames::read(said);
    let last = frames.iter().rfind(|(kind, ..)| *kind == GOAWAY);
    last.and_then(|(_, _, payload)| frames::code(payload.get(4..8)?))
}

#[test]
fn floods_end_their_connection_and_cost_nobody_else() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "ok"));
    let proxy = serve(&upstream.url("/mcp"), &[], &[]);
    let (response, _) = get(proxy.address(), "/mcp");
    assert_eq!(response.status, 200);
    for (name, frames) in ATTACKS {
        let before = proxy.resident_bytes();
        let said = std::thread::scope(|scope| {
            let attacker = scope.spawn(|| attack(&proxy, *frames));
            let mut served = 0;
            let since = Instant::now();
            while !attacker.is_finished() || served < 3 {
                let (response, _) = get(proxy.address(), "/mcp");
                assert_eq!(response.status, 200, "{name}");
                served += 1;
                assert!(
                    since.elapsed() < Duration::from_secs(30),
                    "{name}: it goes on"
                );
                std::thread::sleep(Duration::from_millis(20));
            }
            attacker.join().expect("it attacks")
        });
        let grown = proxy.resident_bytes().saturating_sub(before);
        assert!(grown < 12 * 1024 * 1024, "{name}: {grown} bytes more");
        assert_eq!(
            went_away(&said),
            Some(ENHANCE_YOUR_CALM),
            "{name}: {} bytes",
            said.len()
        );
    }
    let counted = metric(&proxy, "propylon_refused_total", &["frame-limit"]);
    assert!(counted >= 4.0, "{counted} of them by their frames");
    proxy.logged(|line| line["reason"] == "frame-limit");
    proxy.stop();
}

#[test]
fn a_head_that_never_ends_and_a_client_that_says_nothing_are_given_up() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], "ok"));
    let timeouts = "timeouts: { header_read: 1s, keep_alive: 2s }";
    let proxy = serve(&upstream.url("/mcp"), &[], &[timeouts]);
    let settings = frame(SETTINGS, 0, 0, &[]);
    for (name, bytes) in [
        ("half a preface", PREFACE[..12].to_vec()),
        (
            "half a head",
            [PREFACE, &settings, &frame(HEADERS, 0, 1, &[0x83])].concat(),
        ),
        ("no request", [PREFACE, &settings].concat()),
    ] {
        let mut socket = TcpStream::connect(proxy.address()).expect("the proxy listens");
        let patience = Some(Duration::from_secs(10));
        socket.set_read_timeout(patience).expect("it can be set");
        socket.write_all(&bytes).expect("it is sent");
        let mut said = Vec::new();
        let end = socket.read_to_end(&mut said);
        assert!(end.is_ok(), "{name}: {end:?}");
    }
    proxy.logged(|line| line["reason"] == "client-header-timeout");
    proxy.stop();
}
