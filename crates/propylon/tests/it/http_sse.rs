//! HTTP with SSE (2024-11-05): the announced address works from outside, and leads to the stream's own instance.

use std::collections::BTreeSet;
use std::time::Duration;

use propylon_testkit::{
    Answer, Ending, EventFeed, Events, Launch, Propylon, Upstream, eventually, get_sse, post_json,
    rpc,
};
use serde_json::json;

use crate::front::{BINARY, assert_refused, metric};
use crate::real::scripts;
use crate::real::servers::{Kind, replicas};
use crate::revisions::{LEGACY, PYTHON, TYPESCRIPT, check, teller};

const SOON: Duration = Duration::from_secs(10);

/// A route for each prefix, each to the same instances at its own path.
fn serve(routes: &[(&str, &str)], origins: &[String], keys: &[&str]) -> Propylon {
    let mut text = String::from(
        "listeners:\n  - address: \"{listen}\"\nadmin: { address: \"{admin}\" }\nroutes:\n",
    );
    for (number, (prefix, _)) in routes.iter().enumerate() {
        text.push_str(&format!("  - {{ path: {prefix}, upstream: it{number} }}\n"));
    }
    text.push_str("upstreams:\n");
    for (number, (_, path)) in routes.iter().enumerate() {
        let urls: Vec<_> = origins
            .iter()
            .map(|origin| format!("{origin}{path}"))
            .collect();
        text.push_str(&format!("  it{number}:\n    urls: [{}]\n", urls.join(", ")));
        for key in keys {
            text.push_str(&format!("    {key}\n"));
        }
    }
    Launch::new(BINARY).config(&text)
}

/// Each address an instance announces, with `N` for the session: whether it comes through as it is, and where its
/// messages are to arrive.
#[derive(Clone, Copy)]
struct Case {
    announces: &'static str,
    comes_as: &'static str,
    arrives_at: &'static str,
}

/// An old server: a stream at `/sse`, and messages wherever it says.
fn old_server(name: &'static str, announces: &'static str) -> (Upstream, EventFeed) {
    let feed = EventFeed::new();
    let streaming = feed.clone();
    let upstream = Upstream::start(move |exchange| match exchange.method() {
        "GET" => {
            let address = announces.replace("NAME", name);
            streaming.send(format!("event: endpoint\ndata: {address}\n\n"));
            Answer::stream(&streaming, &[])
        }
        _ => Answer::sized(202, &[], name),
    });
    (upstream, feed)
}

fn open(proxy: &Propylon, path: &str) -> (Events, String) {
    let (response, mut events) = get_sse(proxy.address(), path, &[]);
    assert_eq!(response.status, 200);
    let event = events.next(SOON).expect("the first event comes");
    assert!(
        event.text.starts_with("event: endpoint\n"),
        "{}",
        event.text
    );
    let address = event.data();
    (events, address)
}

#[test]
fn the_announced_address_works_through_prefix_host_and_scheme() {
    for case in [
        Case {
            announces: "/message?sessionId=NAME",
            comes_as: "/weather/message?sessionId=one",
            arrives_at: "/message?sessionId=one",
        },
        Case {
            announces: "http://localhost:1/a/b?session_id=NAME",
            comes_as: "http://{address}/weather/a/b?session_id=one",
            arrives_at: "/a/b?session_id=one",
        },
        Case {
            announces: "?s=NAME",
            comes_as: "?s=one",
            arrives_at: "/sse?s=one",
        },
        Case {
            announces: "/sse/NAME",
            comes_as: "/weather/one",
            arrives_at: "/sse/one",
        },
    ] {
        let (upstream, feed) = old_server("one", case.announces);
        let origins = [upstream.url("")];
        let proxy = serve(&[("/weather", "/sse")], &origins, &[]);
        let (mut events, announced) = open(&proxy, "/weather");
        let expected = case
            .comes_as
            .replace("{address}", &proxy.address().to_string());
        assert_eq!(announced, expected);
        let path = announced
            .split_once(&proxy.address().to_string())
            .map_or(announced.as_str(), |(_, path)| path)
            .to_owned();
        let path = if path.starts_with('?') {
            format!("/weather{path}")
        } else {
            path
        };
        let (response, _) = post_json(proxy.address(), &path, &[], &rpc(1, "ping", &json!({})));
        assert_eq!(response.status, 202);
        let posted = upstream.exchanges().pop().expect("the message arrives");
        assert_eq!(posted.target(), case.arrives_at);
        feed.event("{\"text\":\"event: endpoint data: /message\"}");
        let next = events.next(SOON).expect("the stream goes on");
        assert_eq!(next.data(), "{\"text\":\"event: endpoint data: /message\"}");
        proxy.stop();
    }
}

#[test]
fn only_the_first_event_is_touched() {
    let feed = EventFeed::new();
    let streaming = feed.clone();
    let upstream = Upstream::start(move |_| Answer::stream(&streaming, &[]));
    let proxy = serve(
        &[("/weather", "/sse")],
        &[upstream.url("")],
        &["keepalive: off"],
    );
    let (_, mut events) = get_sse(proxy.address(), "/weather", &[]);
    let text = ": hello\r\n\r\nretry: 5\r\nid: 1\r\nevent: endpoint\r\nx: y\r\ndata:/message?s=1\r\n\r\n                event: endpoint\r\ndata: /message?s=2\r\n\r\n";
    for piece in text.as_bytes().chunks(3) {
        feed.send(piece);
    }
    feed.end();
    assert_eq!(events.drain(SOON).1, Ending::Complete);
    assert_eq!(
        String::from_utf8_lossy(&events.raw),
        text.replace("/message?s=1", "/weather/message?s=1")
    );
    proxy.stop();
}

#[test]
fn messages_follow_their_stream_and_end_with_it() {
    let servers =
        ["alpha", "beta", "gamma"].map(|name| old_server(name, "/message?sessionId=NAME"));
    let origins: Vec<_> = servers
        .iter()
        .map(|(upstream, _)| upstream.url(""))
        .collect();
    let proxy = serve(
        &[("/weather", "/sse")],
        &origins,
        &["affinity: { ttl: 2s }", "keepalive: off"],
    );
    let streams: Vec<_> = (0..3).map(|_| open(&proxy, "/weather")).collect();
    let post =
        |address: &str| post_json(proxy.address(), address, &[], &rpc(7, "ping", &json!({})));
    // Longer than a session that nobody uses is remembered.
    std::thread::sleep(Duration::from_secs(5));
    for _ in 0..3 {
        for (_, address) in &streams {
            let name = address.rsplit('=').next().unwrap_or_default().to_owned();
            assert_eq!(post(address).1.text(), name, "{address}");
        }
    }
    assert!(metric(&proxy, "propylon_affinity_entries", &[]) > 2.5);
    let mut addresses: Vec<_> = streams.into_iter().map(|(_, address)| address).collect();
    eventually("the sessions to end with their streams", SOON, || {
        metric(&proxy, "propylon_affinity_entries", &[]) < 0.5
    });
    let gone = addresses.pop().unwrap_or_default();
    let answer = post(&gone);
    assert_refused(&answer, 404, "stream-gone", &json!(7));
    assert_eq!(answer.1.json()["error"]["code"], -32001);
    let before: usize = servers
        .iter()
        .map(|(upstream, _)| upstream.exchanges().len())
        .sum();
    let (response, _) = post("/weather/other?sessionId=alpha");
    assert_eq!(
        response.status, 202,
        "what no server announced is not for us to judge"
    );
    let after: usize = servers
        .iter()
        .map(|(upstream, _)| upstream.exchanges().len())
        .sum();
    assert_eq!(after, before + 1);
    proxy.stop();
}

#[test]
fn a_session_whose_instance_is_gone_is_404() {
    let (upstream, _feed) = old_server("one", "/message?sessionId=NAME");
    let (other, _other_feed) = old_server("two", "/message?sessionId=NAME");
    let proxy = serve(
        &[("/weather", "/sse")],
        &[upstream.url(""), other.url("")],
        &[],
    );
    let streams = [open(&proxy, "/weather"), open(&proxy, "/weather")];
    drop(upstream);
    let (_, lost) = streams
        .iter()
        .find(|(_, address)| address.ends_with("one"))
        .expect("one of the two is there");
    let mut statuses = BTreeSet::new();
    eventually("the message to be refused", SOON, || {
        let (response, _) = post_json(proxy.address(), lost, &[], &rpc(1, "ping", &json!({})));
        statuses.insert(response.status);
        response.status == 404
    });
    assert!(
        !statuses.contains(&202),
        "never the other instance: {statuses:?}"
    );
    proxy.stop();
}

#[test]
fn real_old_servers_and_clients_meet_under_a_prefix() {
    for (kind, tool) in [
        (Kind::EverythingSse, "get-env"),
        (Kind::PythonSse, "whoami"),
    ] {
        let servers = replicas(kind);
        let origins: Vec<_> = servers
            .iter()
            .map(crate::real::servers::Server::origin)
            .collect();
        let routes = [("/weather/old", "/sse"), ("/under", "")];
        let proxy = serve(&routes, &origins, &[]);
        every_revision(
            kind,
            &[format!("{}/sse", origins[0]), proxy.url("/under/sse")],
        );
        for path in ["/weather/old", "/under/sse"] {
            let url = proxy.url(path);
            for steps in [
                scripts::python_sse(&url, &["--tool", tool]),
                scripts::typescript_sse(&url, &["--tool", tool]),
            ] {
                let said = steps.at("sessions");
                assert_eq!(said["count"], 18);
                assert_eq!(said["moved"], json!([]), "{kind:?} {path}");
                assert_eq!(said["instances"], json!(["alpha", "beta", "gamma"]));
            }
        }
        eventually("every session to end with its stream", SOON, || {
            metric(&proxy, "propylon_affinity_entries", &[]) < 0.5
        });
        proxy.stop();
    }
}

/// Sessions over this transport speak every revision that has any.
fn every_revision(kind: Kind, urls: &[String; 2]) {
    let asked = LEGACY.join(",");
    let args = ["--revisions", &asked, "--tool", teller(kind), "--sse"];
    let args = [&urls.each_ref().map(String::as_str)[..], &args].concat();
    for (steps, packages) in [
        (scripts::python_revisions(&args), PYTHON),
        (scripts::typescript_revisions(&args), TYPESCRIPT),
    ] {
        for url in urls {
            for revision in LEGACY {
                for package in packages {
                    check(steps.at(&format!("{url} {revision}{package}")), revision);
                }
            }
        }
    }
}
