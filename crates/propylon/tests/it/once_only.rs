//! No request is carried out twice: what may have left is never sent again, what did not leave goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use propylon_testkit::{Answer, Exchange, Greeting, Upstream, post_json, refusing, rpc};
use serde_json::{Value, json};

use crate::front::{assert_refused, serve, serve_one, serve_with};

fn call(id: u32) -> Value {
    rpc(id, "tools/call", &json!({ "name": "pay", "arguments": {} }))
}

fn answering() -> Upstream {
    Upstream::start(|exchange| Answer::result(&exchange.json()["id"], &json!({})))
}

fn executions(upstreams: &[Upstream]) -> usize {
    upstreams
        .iter()
        .map(|upstream| upstream.exchanges().len())
        .sum()
}

#[test]
fn a_call_that_was_read_and_dropped_is_not_tried_again() {
    for reset in [false, true] {
        let drop_it = move |_: &Exchange| {
            if reset {
                Answer::new().reset()
            } else {
                Answer::new().close()
            }
        };
        let upstreams = [
            Upstream::start(drop_it),
            Upstream::start(drop_it),
            Upstream::start(drop_it),
        ];
        let proxy = serve(&upstreams.each_ref().map(|upstream| upstream.url("/mcp")));
        for id in 1..=9_u32 {
            let answer = post_json(proxy.address(), "/mcp", &[], &call(id));
            assert_refused(&answer, 502, "upstream-closed", &json!(id));
            assert_eq!(executions(&upstreams), id as usize, "reset {reset}");
        }
        proxy.stop();
    }
}

#[test]
fn no_method_is_tried_again() {
    let upstreams = [
        Upstream::start(|_| Answer::new().close()),
        Upstream::start(|_| Answer::new().close()),
    ];
    let proxy = serve(&upstreams.each_ref().map(|upstream| upstream.url("/mcp")));
    for (count, method) in (1..).zip(["GET", "DELETE", "PUT", "HEAD", "OPTIONS"]) {
        let mut client = propylon_testkit::RawClient::connect(proxy.address());
        client.send(format!(
            "{method} /mcp HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        ));
        assert_eq!(
            client.read_head().map(|head| head.status),
            Ok(502),
            "{method}"
        );
        assert_eq!(executions(&upstreams), count, "{method}");
    }
    proxy.stop();
}

#[test]
fn a_connection_closed_before_reading_is_not_proof_enough() {
    for greeting in [Greeting::Close, Greeting::Reset] {
        let upstreams = [answering(), answering()];
        upstreams
            .iter()
            .for_each(|upstream| upstream.greet(greeting));
        let proxy = serve(&upstreams.each_ref().map(|upstream| upstream.url("/mcp")));
        for id in 0..10 {
            let (response, _) = post_json(proxy.address(), "/mcp", &[], &call(id));
            assert_eq!(response.status, 502, "{greeting:?}");
        }
        let carried = upstreams
            .iter()
            .flat_map(Upstream::connections)
            .filter(|seen| !seen.bytes.is_empty());
        assert_eq!(carried.count(), 0, "{greeting:?}");
        proxy.stop();
    }
}

#[test]
fn a_refused_connection_sends_the_request_on() {
    let (closed, _hold) = refusing();
    let upstreams = [answering()];
    let proxy = serve(&[format!("http://{closed}/mcp"), upstreams[0].url("/mcp")]);
    for id in 0..20 {
        assert_eq!(
            post_json(proxy.address(), "/mcp", &[], &call(id)).0.status,
            200
        );
    }
    assert_eq!(executions(&upstreams), 20);
    proxy.stop();
}

#[test]
fn nobody_listening_is_said_so() {
    let (closed, _hold) = refusing();
    let proxy = serve(&[format!("http://{closed}/mcp")]);
    let answer = post_json(proxy.address(), "/mcp", &[], &call(3));
    assert_refused(&answer, 502, "upstream-refused", &json!(3));
    proxy.stop();
}

#[test]
fn a_pooled_connection_found_closed_is_replaced() {
    let upstream = answering();
    upstream.close_idle_after(Duration::from_millis(200));
    let proxy = serve_one(&upstream);
    for id in 0..5 {
        let (response, body) = post_json(proxy.address(), "/mcp", &[], &call(id));
        assert_eq!(response.status, 200, "{}", body.text());
        thread::sleep(Duration::from_millis(350));
    }
    assert_eq!(upstream.exchanges().len(), 5);
    assert!(
        upstream.connections().len() >= 5,
        "each on a connection of its own"
    );
    proxy.stop();
}

#[test]
fn a_pooled_connection_is_used_again_while_it_lasts() {
    let upstream = answering();
    let proxy = serve_with(&[upstream.url("/mcp")], &[], &["workers: 1"]);
    for id in 0..20 {
        assert_eq!(
            post_json(proxy.address(), "/mcp", &[], &call(id)).0.status,
            200
        );
    }
    assert_eq!(upstream.connections().len(), 1);
    proxy.stop();
}

/// Bursts around the instant at which the server closes its idle connections: none may meet a closing one.
fn burst_around(close_after: Duration, header: &'static [&'static str]) {
    let upstream = Upstream::start(move |exchange| {
        let body = json!({ "jsonrpc": "2.0", "id": exchange.json()["id"], "result": {} });
        Answer::sized(200, header, body.to_string())
    });
    upstream.close_idle_after(close_after);
    let proxy = serve_one(&upstream);
    let (address, sent) = (proxy.address(), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8_u64)
        .map(|number| {
            let sent = Arc::clone(&sent);
            thread::spawn(move || {
                let mut failures = Vec::new();
                for _ in 0..2 {
                    let pause = close_after - Duration::from_millis(80)
                        + Duration::from_millis(20 * number);
                    for id in 0..2 {
                        sent.fetch_add(1, Ordering::SeqCst);
                        let (response, body) = post_json(address, "/mcp", &[], &call(id));
                        if response.status != 200 {
                            failures.push(body.text());
                        }
                    }
                    thread::sleep(pause);
                }
                failures
            })
        })
        .collect();
    let failures: Vec<_> = clients
        .into_iter()
        .flat_map(|client| client.join().expect("no client panics"))
        .collect();
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(upstream.exchanges().len(), sent.load(Ordering::SeqCst));
    proxy.stop();
}

#[test]
fn connections_go_before_node_closes_them() {
    burst_around(Duration::from_secs(5), &[]);
}

#[test]
fn the_keep_alive_header_of_a_server_is_honoured() {
    burst_around(Duration::from_secs(2), &["Keep-Alive: timeout=2"]);
}
