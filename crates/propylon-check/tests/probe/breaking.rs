//! What breaks on command: connections cut, and instances that are gone for a time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use propylon_testkit::{Ending, RawClient, post_json};
use serde_json::json;

use crate::stand::{SOON, Session, Stand, call, initialize, with_token};

#[test]
fn connections_are_cut_where_asked() {
    let stand = Stand::new(1);
    let session = stand.session("2025-11-25");
    for (how, ending) in [("fin", Ending::Fin), ("rst", Ending::Reset)] {
        let mut before = session.send(
            "cut",
            with_token(json!({"when": "before-head", "how": how, "key": how})),
        );
        assert_eq!(before.read_head().unwrap_err(), ending);
        for (when, events) in [("after-head", 0), ("after-events", 3), ("mid-event", 3)] {
            let (response, mut stream) =
                session.stream("cut", with_token(json!({"when": when, "how": how})));
            assert_eq!(response.status, 200);
            let (seen, end) = stream.drain(SOON);
            let data = seen.iter().filter(|event| event.json().is_object()).count();
            assert_eq!((data, end), (events, ending), "{when} {how}");
            let text = String::from_utf8(stream.raw.clone()).unwrap();
            assert_eq!(
                !text.is_empty() && !text.ends_with("\n\n"),
                when == "mid-event",
                "{text}"
            );
        }
        let mut half = session.send("cut", with_token(json!({"when": "mid-body", "how": how})));
        let response = half.read_head().unwrap();
        let promised: usize = response.header("content-length").unwrap().parse().unwrap();
        let body = half.read_body(&response);
        assert!(!body.bytes.is_empty() && body.bytes.len() < promised);
        assert_eq!(
            session.call("disconnects", json!({"key": how}))["exchanges"][0]["outcome"],
            "cut"
        );
    }
    assert_eq!(
        session.refused("cut", json!({"when": "before-head"}))["data"]["refused"],
        "disruptive"
    );
}

#[test]
fn a_dead_instance_refuses_and_comes_back_without_its_sessions() {
    let stand = Stand::new(2);
    let session = stand.session("2025-11-25");
    let (_, mut open) = session.stream(
        "stream",
        json!({"events": 2, "interval_ms": 60_000, "key": "o"}),
    );
    assert!(open.next(SOON).is_ok());
    let dead = session.call(
        "pretend_dead",
        with_token(json!({"seconds": 1, "delay_ms": 100})),
    );
    assert_eq!(dead["dead"], "probe-1");
    assert_eq!(open.drain(SOON).1, Ending::Reset, "open streams are reset");
    let address = stand.address();
    propylon_testkit::eventually("the instance refuses", SOON, || {
        TcpStream::connect(address).is_err()
    });
    let other = Session::open(stand.addresses[1], "2025-11-25");
    assert_eq!(
        other.call("disconnects", json!({"key": "o"}))["exchanges"][0]["outcome"],
        "cut"
    );
    propylon_testkit::eventually("the instance is back", SOON, || {
        TcpStream::connect(address).is_ok()
    });
    let (response, _) = session.post(&call("whoami", json!({}), json!({})));
    assert_eq!(response.status, 404);
    assert_eq!(
        stand.session("2025-11-25").call("whoami", json!({}))["instance"],
        "probe-1"
    );
}

#[test]
fn a_hanging_instance_accepts_and_keeps_its_sessions() {
    let stand = Stand::new(2);
    let session = stand.session("2025-11-25");
    let other = Session::open(stand.addresses[1], "2025-11-25");
    let arguments = json!({"seconds": 1, "delay_ms": 0, "how": "hang", "keep_sessions": true, "instance": "probe-1"});
    other.call("pretend_dead", with_token(arguments));
    propylon_testkit::eventually("the instance hangs", SOON, || {
        let mut client = RawClient::connect(stand.address());
        client.patience(Duration::from_millis(200));
        client.send("GET /health HTTP/1.1\r\n\r\n");
        client
            .read_head()
            .is_err_and(|ending| ending == Ending::Silence)
    });
    propylon_testkit::eventually("the instance answers again", SOON, || {
        let mut client = RawClient::connect(stand.address());
        client.patience(Duration::from_millis(200));
        client.send("GET /health HTTP/1.1\r\n\r\n");
        client.read_head().is_ok()
    });
    assert_eq!(
        session.call("whoami", json!({}))["session"],
        json!(session.id)
    );
    other.call(
        "pretend_dead",
        with_token(json!({"seconds": 1, "delay_ms": 0, "how": "reset", "instance": "probe-1"})),
    );
    propylon_testkit::eventually("the instance resets", SOON, || was_reset(stand.address()));
}

#[test]
fn executions_are_counted_over_all_instances() {
    let stand = Stand::new(2);
    let (first, second) = (
        stand.session("2025-11-25"),
        Session::open(stand.addresses[1], "2025-11-25"),
    );
    for session in [&first, &second, &first] {
        session.call("whoami", json!({"key": "k"}));
    }
    first.refused("cut", json!({"when": "before-head", "key": "k"}));
    let report = first.call("executions", json!({"key": "k"}));
    assert_eq!(
        (&report["count"], &report["by_instance"]),
        (&json!(2), &json!({"probe-1": 2, "probe-2": 1}))
    );
    assert_eq!(report["runs"].as_array().unwrap().len(), 3);
}

#[test]
fn two_probes_cannot_have_one_address() {
    let stand = Stand::new(1);
    let options = propylon_check::probe::ProbeOptions::new(stand.address());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime
        .block_on(propylon_check::probe::Probe::start(options))
        .unwrap_err();
    assert!(
        error.to_string().contains("cannot listen on 127.0.0.1"),
        "{error}"
    );
    drop(stand);
}

#[test]
fn a_stopped_probe_is_gone() {
    let stand = Stand::new(1);
    let address = stand.address();
    let session = stand.session("2025-11-25");
    let (_, mut open) = session.stream("sleep", json!({"seconds": 60, "as": "sse"}));
    drop(stand);
    assert_ne!(open.drain(SOON).1, Ending::Silence);
    assert!(TcpStream::connect(address).is_err());
    let unanswered = std::panic::catch_unwind(|| {
        post_json(address, "/mcp", &[], &initialize("2025-11-25", "x"))
    });
    assert!(unanswered.is_err());
}

/// Whether a connection is accepted and then reset, be it at once.
fn was_reset(address: std::net::SocketAddr) -> bool {
    let ended = TcpStream::connect(address).and_then(|mut stream| {
        stream.set_read_timeout(Some(Duration::from_millis(500)))?;
        stream.write_all(b"GET /health HTTP/1.1\r\n\r\n")?;
        stream.read(&mut [0; 1])
    });
    ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}
