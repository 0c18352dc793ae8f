//! Equal requests at once: one is sent on, the others wait for it, and nobody waits for ever.

use std::thread;
use std::time::Duration;

use propylon_testkit::{Answer, Gate, RawClient, mirrored};
use serde_json::json;

use super::{SOON, counting_as, list, message, result, used};
use crate::front::serve_with;

#[test]
fn equal_requests_wait_for_the_first() {
    let gate = Gate::new();
    let opens = gate.clone();
    let upstream = counting_as(move |id, seen| {
        let body =
            json!({ "jsonrpc": "2.0", "id": id, "result": result(seen, "public") }).to_string();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        Answer::new().until(&opens).bytes(head + &body)
    });
    let proxy = serve_with(&[upstream.url("/mcp")], &["cache: { wait: 30s }"], &[]);
    let answers = thread::scope(|scope| {
        let asking: Vec<_> = (0..16)
            .map(|id| {
                scope.spawn({
                    let proxy = &proxy;
                    move || list(proxy, id, &[])
                })
            })
            .collect();
        upstream.wait_for(1, SOON);
        thread::sleep(Duration::from_millis(300));
        gate.open();
        asking
            .into_iter()
            .map(|asked| asked.join().expect("an answer"))
            .collect::<Vec<_>>()
    });
    for (id, (_, body)) in answers.iter().enumerate() {
        assert_eq!(body.json()["id"], id, "each has its own id");
    }
    assert_eq!(upstream.exchanges().len(), 1);
    assert_eq!(
        answers
            .iter()
            .filter(|answer| used(answer) == "miss")
            .count(),
        1
    );
    proxy.stop();
}

#[test]
fn a_leader_that_leaves_or_dawdles_takes_nobody_with_it() {
    let gate = Gate::new();
    let opens = gate.clone();
    let upstream = counting_as(move |id, seen| {
        let answer = Answer::result(id, &result(seen, "public"));
        // The first is never answered in time.
        if seen == 0 {
            Answer::new().until(&opens)
        } else {
            answer
        }
    });
    let proxy = serve_with(&[upstream.url("/mcp")], &["cache: { wait: 400ms }"], &[]);
    let first = message(1, "tools/list", &json!({}));
    let lines = mirrored(&first);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let mut leader = RawClient::connect(proxy.address());
    leader.post(proxy.address(), "/mcp", &lines, &first);
    upstream.wait_for(1, SOON);
    let late = list(&proxy, 2, &[]);
    assert_eq!(
        (used(&late), &late.1.json()["result"]["seen"]),
        ("miss", &json!(1))
    );
    gate.open();
    proxy.stop();

    let gate = Gate::new();
    let opens = gate.clone();
    let upstream = counting_as(move |id, seen| match seen {
        0 => Answer::new().until(&opens),
        _ => Answer::result(id, &result(seen, "public")),
    });
    let proxy = serve_with(&[upstream.url("/mcp")], &["cache: { wait: 60s }"], &[]);
    let mut leader = RawClient::connect(proxy.address());
    leader.post(proxy.address(), "/mcp", &lines, &first);
    upstream.wait_for(1, SOON);
    let follower = thread::scope(|scope| {
        let waiting = scope.spawn(|| list(&proxy, 2, &[]));
        thread::sleep(Duration::from_millis(200));
        leader.abort();
        waiting.join().expect("an answer")
    });
    assert_eq!(
        follower.1.json()["result"]["seen"],
        1,
        "it asked for itself"
    );
    gate.open();
    proxy.stop();
}
