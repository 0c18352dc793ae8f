//! Changes that a server tells of on a stream that passes: what they concern is not given any more, and nothing else.

use propylon_testkit::{Answer, EventFeed, Events, Propylon, RawClient, Upstream, mirrored};
use serde_json::json;

use super::{SOON, ask, cached, list, message, result, used};
use crate::front::metric;

/// A subscription through the proxy.
fn listen(proxy: &Propylon) -> Events {
    let listen = message(
        9,
        "subscriptions/listen",
        &json!({ "notifications": { "toolsListChanged": true } }),
    );
    let lines = mirrored(&listen);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let mut client = RawClient::connect(proxy.address());
    client.post(proxy.address(), "/mcp", &lines, &listen);
    let head = client.read_head().expect("a head");
    client.events(&head)
}

#[test]
fn a_change_that_passes_is_taken_to_heart() {
    let feed = EventFeed::new();
    let answering = feed.clone();
    let upstream = Upstream::start(move |exchange| {
        let message = exchange.json();
        match message["method"].as_str() {
            Some("subscriptions/listen") => Answer::stream(&answering, &[]),
            _ => Answer::result(&message["id"], &result(0, "public")),
        }
    });
    let proxy = cached(&upstream);
    let read = |uri: &str| {
        used(&ask(
            proxy.address(),
            &message(1, "resources/read", &json!({ "uri": uri })),
            &[],
        ))
        .to_owned()
    };
    let mut events = listen(&proxy);
    let fill = || {
        list(&proxy, 1, &[]);
        let _ = ["note://a", "note://b"].map(read);
        assert_eq!(
            (
                used(&list(&proxy, 1, &[])),
                &*read("note://a"),
                &*read("note://b")
            ),
            ("hit", "hit", "hit")
        );
    };
    for (change, expected) in [
        (
            r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#,
            ["miss", "hit", "hit"],
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"note://a"}}"#,
            ["hit", "miss", "hit"],
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}"#,
            ["hit", "miss", "miss"],
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}"#,
            ["hit", "hit", "hit"],
        ),
    ] {
        fill();
        feed.event(change);
        events.next(SOON).expect("it passes");
        let now = [
            used(&list(&proxy, 1, &[])).to_owned(),
            read("note://a"),
            read("note://b"),
        ];
        assert_eq!(now, expected, "{change}");
    }
    assert_eq!(
        metric(&proxy, "propylon_cache_evictions_total", &["invalidated"]) as usize,
        4
    );
    feed.end();
    proxy.stop();
}
