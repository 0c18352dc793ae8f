//! A session stays with the instance that minted it, and is told when that instance is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use propylon_testkit::{
    Answer, McpScript, Propylon, Upstream, delete, eventually, get_sse, initialize, post_json, rpc,
};
use serde_json::{Value, json};

use crate::front::{assert_refused, metric, scripted, serve, serve_with, urls};

const SOON: Duration = Duration::from_secs(5);

fn whoami(id: u32) -> Value {
    rpc(
        id,
        "tools/call",
        &json!({ "name": "whoami", "arguments": {} }),
    )
}

/// Opens a session and gives its id and the name of the instance that minted it.
fn open(address: SocketAddr) -> (String, String) {
    let (response, body) = post_json(address, "/mcp", &[], &initialize(0));
    assert_eq!(response.status, 200, "{}", body.text());
    let session = response
        .header("mcp-session-id")
        .expect("a session is minted")
        .to_owned();
    let name = body.json()["result"]["serverInfo"]["name"]
        .as_str()
        .expect("the server is named")
        .to_owned();
    (session, name)
}

fn header(session: &str) -> String {
    format!("Mcp-Session-Id: {session}")
}

/// The instance that answers a call of this session.
fn answered(address: SocketAddr, session: &str) -> String {
    let (response, body) = post_json(address, "/mcp", &[&header(session)], &whoami(1));
    assert_eq!(response.status, 200, "{session}: {}", body.text());
    body.json()["result"]["content"][0]["text"]
        .as_str()
        .expect("a text")
        .to_owned()
}

fn trio() -> (Vec<(McpScript, Upstream)>, Propylon) {
    let servers = scripted(&["alpha", "beta", "gamma"]);
    let proxy = serve(&urls(&servers));
    (servers, proxy)
}

#[test]
fn sixty_sessions_stay_where_they_were_minted() {
    let (servers, proxy) = trio();
    let sessions: Vec<_> = (0..60).map(|_| open(proxy.address())).collect();
    let mut minted = BTreeMap::<&str, usize>::new();
    for (_, name) in &sessions {
        *minted.entry(name).or_default() += 1;
    }
    assert_eq!(minted.len(), 3, "{minted:?}");
    assert!(
        minted.values().all(|count| (10..=30).contains(count)),
        "new sessions spread: {minted:?}"
    );
    for round in 0..3 {
        for (session, name) in &sessions {
            assert_eq!(&answered(proxy.address(), session), name, "round {round}");
        }
    }
    for (session, name) in &sessions {
        let (response, _events) = get_sse(
            proxy.address(),
            "/mcp",
            &[&header(session), "Last-Event-ID: 5"],
        );
        assert_eq!(response.status, 200);
        assert_eq!(
            delete(proxy.address(), "/mcp", session).0.status,
            200,
            "{session} of {name}"
        );
    }
    for (script, upstream) in &servers {
        let strangers = upstream.exchanges().into_iter().filter(|seen| {
            seen.header("mcp-session-id")
                .is_some_and(|session| !session.starts_with(&script.name))
        });
        assert_eq!(
            strangers.count(),
            0,
            "{} saw another's session",
            script.name
        );
    }
    proxy.stop();
}

#[test]
fn stateless_requests_go_everywhere() {
    let (servers, proxy) = trio();
    for id in 0..30 {
        assert_eq!(
            post_json(
                proxy.address(),
                "/mcp",
                &[
                    "MCP-Protocol-Version: 2026-07-28",
                    "Mcp-Method: tools/call",
                    "Mcp-Name: whoami",
                ],
                &whoami(id)
            )
            .0
            .status,
            200
        );
    }
    let counts: Vec<_> = servers
        .iter()
        .map(|(_, upstream)| upstream.exchanges().len())
        .collect();
    assert_eq!(counts.iter().sum::<usize>(), 30);
    assert!(counts.iter().all(|count| *count >= 5), "{counts:?}");
    proxy.stop();
}

#[test]
fn a_dead_instance_loses_its_sessions_and_only_those() {
    let (servers, proxy) = trio();
    let sessions: Vec<_> = (0..12).map(|_| open(proxy.address())).collect();
    let (_, beta) = &servers[1];
    beta.die();
    let mut lost = 0;
    for (session, name) in &sessions {
        let answer = post_json(proxy.address(), "/mcp", &[&header(session)], &whoami(77));
        if name == "beta" {
            lost += 1;
            assert_refused(&answer, 404, "session-lost", &json!(77));
            assert_eq!(answer.1.json()["error"]["code"], -32001);
        } else {
            assert_eq!(answer.0.status, 200, "{session}");
        }
    }
    assert!(lost > 0);
    let fresh: BTreeSet<_> = (0..8).map(|_| open(proxy.address()).1).collect();
    assert_eq!(
        fresh,
        BTreeSet::from(["alpha".to_owned(), "gamma".to_owned()]),
        "initialize works elsewhere"
    );
    proxy.stop();
}

#[test]
fn a_stream_of_a_dead_instance_is_404_as_well() {
    let (servers, proxy) = trio();
    let (session, name) = open(proxy.address());
    let (_, owner) = servers
        .iter()
        .find(|(script, _)| script.name == name)
        .expect("one of the three");
    owner.die();
    let (response, _events) = get_sse(proxy.address(), "/mcp", &[&header(&session)]);
    assert_eq!(
        (response.status, response.header("propylon-reason")),
        (404, Some("session-lost"))
    );
    let (response, _) = delete(proxy.address(), "/mcp", &session);
    assert_eq!(response.status, 404);
    proxy.stop();
}

#[test]
fn an_unreachable_instance_keeps_its_sessions() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve_with(
        &urls(&servers),
        &["timeouts: { connect: 300ms }", "pool: { idle: 100ms }"],
        &[],
    );
    let (session, name) = open(proxy.address());
    let (_, owner) = servers
        .iter()
        .find(|(script, _)| script.name == name)
        .expect("one of the two");
    let gone = owner.vanish();
    let answer = post_json(proxy.address(), "/mcp", &[&header(&session)], &whoami(5));
    assert_refused(&answer, 503, "upstream-unreachable", &json!(5));
    assert!(
        answer
            .0
            .header("retry-after")
            .is_some_and(|after| after.parse::<u32>().is_ok()),
        "{}",
        answer.0.head
    );
    drop(gone);
    owner.revive();
    eventually("the session to be served again", SOON, || {
        post_json(proxy.address(), "/mcp", &[&header(&session)], &whoami(6))
            .0
            .status
            == 200
    });
    assert_eq!(answered(proxy.address(), &session), name);
    proxy.stop();
}

#[test]
fn an_unknown_session_goes_to_one_instance_whose_answer_stands() {
    let (servers, proxy) = trio();
    let answer = post_json(
        proxy.address(),
        "/mcp",
        &[&header("nobody-knows")],
        &whoami(9),
    );
    assert_eq!(answer.0.status, 404);
    let message = answer.1.json()["error"]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(message.ends_with("has no such session"), "{message}");
    assert_eq!(answer.0.header("propylon-reason"), None);
    assert_eq!(
        servers
            .iter()
            .map(|(_, upstream)| upstream.exchanges().len())
            .sum::<usize>(),
        1
    );
    proxy.stop();
}

#[test]
fn a_session_older_than_the_proxy_is_served_where_there_is_one_instance() {
    let servers = scripted(&["alpha"]);
    // As after a restart with the memory store.
    let (response, _) = post_json(servers[0].1.address(), "/mcp", &[], &initialize(1));
    let session = response
        .header("mcp-session-id")
        .expect("a session")
        .to_owned();
    let proxy = serve(&urls(&servers));
    assert_eq!(answered(proxy.address(), &session), "alpha");
    proxy.stop();
}

#[test]
fn an_unknown_session_always_meets_the_same_instance() {
    let (servers, proxy) = trio();
    for id in 0..9 {
        let answer = post_json(
            proxy.address(),
            "/mcp",
            &[&header("nobody-knows")],
            &whoami(id),
        );
        assert_eq!(answer.0.status, 404);
    }
    let asked = servers
        .iter()
        .filter(|(_, upstream)| !upstream.exchanges().is_empty());
    assert_eq!(
        asked.count(),
        1,
        "requests of one session are never scattered"
    );
    proxy.stop();
}

#[test]
fn a_delete_frees_its_entry() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve(&urls(&servers));
    let sessions: Vec<_> = (0..4).map(|_| open(proxy.address()).0).collect();
    eventually("four entries", SOON, || {
        metric(&proxy, "propylon_affinity_entries", &[]) == 4.0
    });
    assert_eq!(delete(proxy.address(), "/mcp", &sessions[0]).0.status, 200);
    eventually("three entries", SOON, || {
        metric(&proxy, "propylon_affinity_entries", &[]) == 3.0
    });
    proxy.stop();
}

#[test]
fn the_table_is_bounded_and_counts_what_it_lets_go() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve_with(&urls(&servers), &["affinity: { entries_max: 8 }"], &[]);
    for _ in 0..60 {
        open(proxy.address());
    }
    let entries = metric(&proxy, "propylon_affinity_entries", &[]);
    let evicted = metric(&proxy, "propylon_affinity_evictions_total", &[]);
    assert_eq!(
        entries + evicted,
        60.0,
        "each session is held or was counted as it went"
    );
    assert!(
        entries <= 8.0,
        "entries_max is 8 and the table holds {entries}"
    );
    proxy.stop();
}

#[test]
fn no_session_goes_before_the_table_is_full() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve_with(&urls(&servers), &["affinity: { entries_max: 64 }"], &[]);
    for _ in 0..60 {
        open(proxy.address());
    }
    let evicted = metric(&proxy, "propylon_affinity_evictions_total", &[]);
    assert_eq!(evicted, 0.0, "60 sessions fit into 64 places");
    proxy.stop();
}

#[test]
fn a_session_forgotten_after_its_time_is_counted() {
    let servers = scripted(&["alpha"]);
    let proxy = serve_with(&urls(&servers), &["affinity: { ttl: 200ms }"], &[]);
    let (session, _) = open(proxy.address());
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(
        answered(proxy.address(), &session),
        "alpha",
        "one instance still knows it"
    );
    eventually("an expired entry to be counted", SOON, || {
        metric(&proxy, "propylon_affinity_evictions_total", &[]) >= 1.0
    });
    proxy.stop();
}

#[test]
fn a_failed_initialize_teaches_nothing() {
    let upstream = Upstream::start(|_| Answer::sized(400, &["Mcp-Session-Id: refused"], "{}"));
    let proxy = serve(&[upstream.url("/mcp")]);
    assert_eq!(
        post_json(proxy.address(), "/mcp", &[], &initialize(1))
            .0
            .status,
        400
    );
    assert_eq!(metric(&proxy, "propylon_affinity_entries", &[]), 0.0);
    proxy.stop();
}

#[test]
fn without_affinity_sessions_go_anywhere() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve_with(&urls(&servers), &["affinity: { by: none }"], &[]);
    let (session, _) = open(proxy.address());
    let statuses: BTreeSet<_> = (0..12)
        .map(|_| {
            post_json(proxy.address(), "/mcp", &[&header(&session)], &whoami(1))
                .0
                .status
        })
        .collect();
    assert_eq!(
        statuses,
        BTreeSet::from([200, 404]),
        "both instances are asked"
    );
    proxy.stop();
}
