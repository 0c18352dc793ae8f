//! The admin listener and the health of instances: alive, ready, measured, and asked where it harms nobody.

use std::time::Duration;

use propylon_testkit::{
    Answer, EventFeed, Upstream, eventually, get_sse, initialize, post_json, rpc,
};
use serde_json::json;

use crate::front::{get, metric, scripted, serve, serve_with, urls};

const SOON: Duration = Duration::from_secs(5);

#[test]
fn it_says_that_it_lives_and_is_ready() {
    let servers = scripted(&["alpha"]);
    let proxy = serve(&urls(&servers));
    for path in ["/livez", "/readyz"] {
        assert_eq!(get(proxy.admin(), path).0.status, 200, "{path}");
    }
    assert_eq!(
        get(proxy.admin(), "/mcp").0.status,
        404,
        "MCP is not served here"
    );
    assert_eq!(
        get(proxy.address(), "/metrics").0.status,
        404,
        "and metrics not there"
    );
    assert_eq!(
        servers[0].1.connections().len(),
        0,
        "no question of health reaches the MCP endpoint"
    );
    proxy.stop();
}

#[test]
fn metrics_are_in_the_text_format_and_count() {
    let servers = scripted(&["alpha"]);
    let proxy = serve(&urls(&servers));
    for _ in 0..5 {
        post_json(proxy.address(), "/mcp", &[], &initialize(1));
    }
    let (response, body) = get(proxy.admin(), "/metrics");
    let kind = response
        .header("content-type")
        .unwrap_or_default()
        .to_owned();
    assert!(
        kind.starts_with("text/plain") || kind.starts_with("application/openmetrics-text"),
        "{kind}"
    );
    let text = body.text();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_default();
        assert!(
            name.starts_with("propylon_") && value.parse::<f64>().is_ok(),
            "{line}"
        );
    }
    for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        assert!(
            line.split_once(' ')
                .is_some_and(|(_, help)| !help.trim().is_empty()),
            "{line}"
        );
    }
    assert!(
        metric(&proxy, "propylon_affinity_entries", &[]) >= 5.0,
        "{text}"
    );
    proxy.stop();
}

#[test]
fn open_streams_are_counted_and_uncounted() {
    let feed = EventFeed::new();
    let streaming = feed.clone();
    let upstream = Upstream::start(move |_| Answer::stream(&streaming, &[]));
    let proxy = serve(&[upstream.url("/mcp")]);
    let streams: Vec<_> = (0..3)
        .map(|_| get_sse(proxy.address(), "/mcp", &[]))
        .collect();
    eventually("three open streams", SOON, || {
        metric(&proxy, "propylon_streams_open", &[]) == 3.0
    });
    drop(streams);
    eventually("no open stream", SOON, || {
        metric(&proxy, "propylon_streams_open", &[]) == 0.0
    });
    proxy.stop();
}

#[test]
fn checks_go_to_the_health_path_and_move_new_sessions() {
    let sick = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let failing = sick.clone();
    let answer = |name: &'static str,
                  failing: Option<std::sync::Arc<std::sync::atomic::AtomicBool>>| {
        Upstream::start(move |exchange| {
            let failing = failing
                .as_ref()
                .is_some_and(|failing| failing.load(std::sync::atomic::Ordering::SeqCst));
            match (exchange.target(), failing) {
                ("/health", true) => Answer::sized(500, &[], "sick"),
                ("/health", false) => Answer::sized(200, &[], "well"),
                _ => Answer::result(&exchange.json()["id"], &json!({ "name": name })),
            }
        })
    };
    let (alpha, beta) = (answer("alpha", Some(failing)), answer("beta", None));
    let health = "health: { path: /health, interval: 100ms, fall: 2, rise: 2 }";
    let proxy = serve_with(&[alpha.url("/mcp"), beta.url("/mcp")], &[health], &[]);
    let names = || -> Vec<String> {
        let call = rpc(1, "tools/call", &json!({ "name": "x" }));
        let ask = |_| {
            post_json(proxy.address(), "/mcp", &[], &call).1.json()["result"]["name"].to_string()
        };
        (0..10).map(ask).collect()
    };
    eventually("both instances to be used", SOON, || {
        names().iter().any(|name| name.contains("alpha"))
    });
    sick.store(true, std::sync::atomic::Ordering::SeqCst);
    eventually("the sick instance to be left alone", SOON, || {
        names().iter().all(|name| name.contains("beta"))
    });
    sick.store(false, std::sync::atomic::Ordering::SeqCst);
    eventually("the well instance to be used again", SOON, || {
        names().iter().any(|name| name.contains("alpha"))
    });
    let asked = alpha.exchanges();
    assert!(
        asked
            .iter()
            .filter(|seen| seen.method() == "GET")
            .all(|seen| seen.target() == "/health")
    );
    proxy.stop();
}

#[test]
fn when_no_instance_is_healthy_all_are_tried() {
    let upstream = Upstream::start(|exchange| match exchange.target() {
        "/health" => Answer::sized(500, &[], "sick"),
        _ => Answer::result(&exchange.json()["id"], &json!({})),
    });
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &["health: { path: /health, interval: 50ms, fall: 1 }"],
        &[],
    );
    eventually("a few bad answers", SOON, || upstream.exchanges().len() > 4);
    assert_eq!(
        post_json(proxy.address(), "/mcp", &[], &rpc(1, "ping", &json!({})))
            .0
            .status,
        200
    );
    proxy.stop();
}

#[test]
fn calls_that_crash_take_no_session_away() {
    let servers = scripted(&["alpha", "beta"]);
    let crashing = Upstream::start(|exchange| match exchange.json()["method"].as_str() {
        Some("initialize") => Answer::sized(200, &["Mcp-Session-Id: crashing-1"], "{}"),
        Some("tools/call") => Answer::new().reset(),
        _ => Answer::result(&exchange.json()["id"], &json!({})),
    });
    let proxy = serve(&[crashing.url("/mcp")]);
    post_json(proxy.address(), "/mcp", &[], &initialize(1));
    for id in 0..8 {
        let call = rpc(id, "tools/call", &json!({ "name": "crash" }));
        assert_eq!(
            post_json(
                proxy.address(),
                "/mcp",
                &["Mcp-Session-Id: crashing-1"],
                &call
            )
            .0
            .status,
            502
        );
        let ping = rpc(id, "ping", &json!({}));
        assert_eq!(
            post_json(
                proxy.address(),
                "/mcp",
                &["Mcp-Session-Id: crashing-1"],
                &ping
            )
            .0
            .status,
            200
        );
    }
    drop(servers);
    proxy.stop();
}
