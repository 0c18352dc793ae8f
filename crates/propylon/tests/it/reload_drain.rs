//! A new configuration takes over without a stream noticing; an end gives streams their time.

use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use propylon_testkit::{
    Answer, Ending, EventFeed, Gate, Guarded, Propylon, RawClient, Scratch, Upstream, eventually,
    free_address, get_sse, post_json, rpc,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::front::{BINARY, get, serve_with, yaml};

const SOON: Duration = Duration::from_secs(5);

fn call(id: u32) -> Value {
    rpc(id, "tools/call", &json!({ "name": "x", "arguments": {} }))
}

fn named(name: &'static str) -> (Upstream, EventFeed) {
    let feed = EventFeed::new();
    let streaming = feed.clone();
    let upstream = Upstream::start(move |exchange| match exchange.method() {
        "GET" => Answer::stream(&streaming, &[]),
        _ => Answer::result(&exchange.json()["id"], &json!({ "name": name })),
    });
    (upstream, feed)
}

fn who(proxy: &Propylon) -> Value {
    post_json(proxy.address(), "/mcp", &[], &call(1)).1.json()["result"]["name"].clone()
}

#[test]
fn a_good_file_takes_over_and_streams_do_not_notice() {
    for by_signal in [true, false] {
        let ((old, feed), (new, _)) = (named("old"), named("new"));
        let proxy = serve_with(&[old.url("/mcp")], &[], &[]);
        let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
        let mut kept = RawClient::connect(proxy.address());
        assert_eq!(
            kept.post(proxy.address(), "/mcp", &[], &call(1))
                .read()
                .1
                .json()["result"]["name"],
            "old"
        );
        proxy.rewrite(&yaml(&[new.url("/mcp")], &[], &[]));
        if by_signal {
            proxy.signal(Signal::HUP);
        }
        eventually("the new upstream to be asked", SOON, || {
            who(&proxy) == "new"
        });
        assert_eq!(
            kept.post(proxy.address(), "/mcp", &[], &call(2))
                .read()
                .0
                .status,
            200,
            "an open connection goes on"
        );
        feed.event("still here");
        assert_eq!(
            events.next(SOON).map(|event| event.data()),
            Ok("still here".to_owned()),
            "by signal {by_signal}"
        );
        feed.end();
        assert_eq!(
            events.next(SOON).map(|event| event.text),
            Err(Ending::Complete)
        );
        proxy.stop();
    }
}

#[test]
fn a_log_that_grows_beside_the_file_does_not_hide_its_change() {
    let ((old, _), (new, _)) = (named("old"), named("new"));
    let log = ["log: { access: \"{dir}/access.log\" }"];
    let proxy = serve_with(&[old.url("/mcp")], &[], &log);
    assert_eq!(who(&proxy), "old");
    proxy.rewrite(&yaml(&[new.url("/mcp")], &[], &log));
    // Each of these writes a line, with hardly a pause between them.
    eventually("the new upstream to be asked", SOON, || {
        (0..20).any(|_| who(&proxy) == "new")
    });
    assert!(!proxy.access_log().is_empty());
    proxy.stop();
}

#[test]
fn a_description_can_come_through_a_pipe() {
    let (server, _) = named("piped");
    let (listen, scratch) = (free_address(), Scratch::new());
    let text = yaml(&[server.url("/mcp")], &[], &[]);
    let text = text.replace("{listen}", &listen.to_string());
    let text = text.replace("{admin}", &free_address().to_string());
    let file = scratch.write("from.yaml", &text);
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(r#"cat "$1" | "$0" serve -c /dev/stdin"#)
        .args([BINARY.as_ref(), file.as_os_str()]);
    let _process = Guarded::start(command);
    eventually("the piped description to be served", SOON, || {
        TcpStream::connect(listen).is_ok()
    });
    let answer = post_json(listen, "/mcp", &[], &call(1)).1.json();
    assert_eq!(answer["result"]["name"], "piped");
}

#[test]
fn a_bad_file_is_refused_and_the_old_one_stays() {
    let (old, _) = named("old");
    let proxy = serve_with(&[old.url("/mcp")], &[], &[]);
    proxy.rewrite(
        "listeners:\n  - address: \"{listen}\"\nroutes:\n  - { path: /mcp, upsteam: it }\n",
    );
    proxy.signal(Signal::HUP);
    eventually("the refusal to be told", SOON, || {
        proxy.output().contains("upsteam")
    });
    let output = proxy.output();
    assert!(
        output.contains("propylon.yaml:4:"),
        "file and line are named:\n{output}"
    );
    assert_eq!(who(&proxy), "old");
    let (new, _) = named("new");
    proxy.rewrite(&yaml(&[new.url("/mcp")], &[], &[]));
    proxy.signal(Signal::HUP);
    eventually("the next good file to take over", SOON, || {
        who(&proxy) == "new"
    });
    proxy.stop();
}

#[test]
fn a_reload_keeps_what_sessions_are_known() {
    let servers = crate::front::scripted(&["alpha", "beta", "gamma"]);
    let urls = crate::front::urls(&servers);
    let proxy = serve_with(&urls, &[], &[]);
    let open = || {
        let (response, body) = post_json(
            proxy.address(),
            "/mcp",
            &[],
            &propylon_testkit::initialize(1),
        );
        let name = body.json()["result"]["serverInfo"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (
            format!(
                "Mcp-Session-Id: {}",
                response.header("mcp-session-id").unwrap_or_default()
            ),
            name,
        )
    };
    let sessions: Vec<_> = (0..9).map(|_| open()).collect();
    proxy.rewrite(&yaml(&urls, &["timeouts: { connect: 2s }"], &[]));
    proxy.signal(Signal::HUP);
    thread::sleep(Duration::from_millis(500));
    for (session, name) in &sessions {
        let (_, body) = post_json(proxy.address(), "/mcp", &[session], &call(1));
        assert_eq!(body.json()["result"]["content"][0]["text"], name.as_str());
    }
    proxy.stop();
}

#[test]
fn sigterm_finishes_what_runs_and_takes_nothing_new() {
    let gate = Gate::new();
    let holding = gate.clone();
    let upstream = Upstream::start(move |exchange| {
        let answer = Answer::new().until(&holding);
        let body =
            json!({ "jsonrpc": "2.0", "id": exchange.json()["id"], "result": {} }).to_string();
        answer.bytes(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    });
    let mut proxy = serve_with(&[upstream.url("/mcp")], &[], &["drain: 10s"]);
    let (address, admin) = (proxy.address(), proxy.admin());
    let mut client = RawClient::connect(address);
    client.post(address, "/mcp", &[], &call(1));
    upstream.wait_for(1, SOON);
    proxy.signal(Signal::TERM);
    eventually("new connections to be refused", SOON, || {
        TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err()
    });
    assert_eq!(
        get(admin, "/readyz").0.status,
        503,
        "not ready while it drains"
    );
    assert_eq!(get(admin, "/livez").0.status, 200, "and alive");
    gate.open();
    let (response, body) = client.read();
    assert_eq!(
        (response.status, &body.json()["id"]),
        (200, &json!(1)),
        "a running call is answered"
    );
    let status = proxy.wait(Duration::from_secs(3));
    assert!(
        status.is_some_and(|status| status.success()),
        "{status:?}: the drain ends when nothing runs"
    );
}

#[test]
fn a_stream_lives_until_the_drain_is_over() {
    let (upstream, feed) = named("one");
    let mut proxy = serve_with(&[upstream.url("/mcp")], &[], &["drain: 1s"]);
    let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    let start = Instant::now();
    proxy.signal(Signal::TERM);
    thread::sleep(Duration::from_millis(400));
    feed.event("during");
    assert_eq!(
        events.next(SOON).map(|event| event.data()),
        Ok("during".to_owned())
    );
    let ending = events.next(SOON).map(|event| event.text);
    assert!(
        ending.is_err() && ending != Err(Ending::Silence),
        "{ending:?}"
    );
    assert!(
        (900..2500).contains(&start.elapsed().as_millis()),
        "{:?}",
        start.elapsed()
    );
    let status = proxy.wait(Duration::from_secs(3));
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

#[test]
fn a_second_sigterm_ends_at_once() {
    let (upstream, _feed) = named("one");
    let mut proxy = serve_with(&[upstream.url("/mcp")], &[], &["drain: 30s"]);
    let (_, mut events) = get_sse(proxy.address(), "/mcp", &[]);
    proxy.signal(Signal::TERM);
    assert!(
        proxy.wait(Duration::from_millis(500)).is_none(),
        "the stream is given its time"
    );
    let start = Instant::now();
    proxy.signal(Signal::TERM);
    let status = proxy.wait(SOON);
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert!(events.next(SOON).is_err());
}

#[test]
fn an_idle_proxy_ends_at_once_on_either_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let (upstream, _) = named("one");
        let mut proxy = serve_with(&[upstream.url("/mcp")], &[], &[]);
        let mut idle = RawClient::connect(proxy.address());
        assert_eq!(
            idle.post(proxy.address(), "/mcp", &[], &call(1))
                .read()
                .0
                .status,
            200
        );
        proxy.signal(signal);
        let status = proxy.wait(Duration::from_secs(3));
        assert!(
            status.is_some_and(|status| status.success()),
            "{signal:?}: {status:?}"
        );
    }
}
