//! Names that move: what is judged is what is dialled, at every connection.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use propylon_testkit::{Answer, EventFeed, RawClient, ScriptedDns, Upstream, Zone, get_sse};

use super::stand::{Ground, Stand, at};
use crate::front::get;

/// What each name stands for now.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<HashMap<String, Zone>>>);

impl Names {
    fn set(&self, name: &str, zone: Zone) {
        let mut names = self.0.lock().expect("no test panics with it");
        names.insert(format!("{name}.site.net"), zone);
    }

    fn serve(&self) -> ScriptedDns {
        let names = self.clone();
        ScriptedDns::start(move |name| {
            let names = names.0.lock().expect("no test panics with it");
            names.get(name).cloned().unwrap_or(Zone::Missing)
        })
    }
}

const GOOD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
/// Another address of this machine, which nothing lets through.
const BAD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

/// A server that may be reached, and a trap at the same port of an address that may not.
fn pair() -> (Upstream, Upstream, EventFeed) {
    let feed = EventFeed::new();
    let streamed = feed.clone();
    let good = Upstream::start(move |exchange| {
        match exchange.header("accept") == Some("text/event-stream") {
            true => Answer::stream(&streamed, &[]),
            false => Answer::sized(200, &[], "good"),
        }
    });
    let trap = Upstream::start_at((BAD, good.address().port()).into(), |_| {
        Answer::sized(200, &[], "trap")
    });
    (good, trap, feed)
}

fn url(name: &str, server: &Upstream) -> String {
    format!("http://{name}.site.net:{}/mcp", server.address().port())
}

fn reason(stand: &Stand, name: &str) -> Option<String> {
    let (answer, body) = get(stand.proxy.address(), &format!("/acme/{name}/mcp"));
    assert_ne!(body.text(), "trap");
    answer.header("propylon-reason").map(str::to_owned)
}

#[test]
fn a_name_that_moves_inside_is_refused_from_its_next_connection_on() {
    let (good, trap, _feed) = pair();
    let names = Names::default();
    let dns = names.serve();
    names.set("a", Zone::one(GOOD));
    // Of several workers each keeps connections of its own.
    let ground = Ground::local(&[good.address()], &[]);
    let stand = ground.start_with(Some(&dns), "workers: 1\n");
    stand.register("acme/a", &at(url("a", &good)));
    assert_eq!(reason(&stand, "a"), None);

    names.set("a", Zone::one(BAD));
    // The kept connection leads to the address that was judged; holding it makes the next request open another.
    let (open, _events) = get_sse(stand.proxy.address(), "/acme/a/mcp", &[]);
    assert_eq!(open.status, 200);
    assert_eq!(reason(&stand, "a").as_deref(), Some("backend-refused"));
    let state = &stand.show("acme/a")["state"];
    assert_eq!(state["verdict"], "refused", "{state}");
    assert_eq!(state["rule"], "special-block");
    let line = stand
        .proxy
        .logged(|line| line["reason"] == "backend-refused");
    assert!(
        line["detail"]
            .as_str()
            .is_some_and(|words| words.contains("127.0.0.2"))
    );
    for _ in 0..20 {
        assert_eq!(reason(&stand, "a").as_deref(), Some("backend-refused"));
    }
    names.set("a", Zone::one(GOOD));
    assert_eq!(reason(&stand, "a"), None, "good again");
    assert_eq!(stand.show("acme/a")["state"]["verdict"], "allowed");
    assert!(trap.connections().is_empty());
}

#[test]
fn a_name_that_changes_during_keep_alive_leads_nowhere_else() {
    let (good, trap, _feed) = pair();
    let names = Names::default();
    let dns = names.serve();
    names.set("a", Zone::one(GOOD));
    let stand = Ground::local(&[good.address()], &[]).start(Some(&dns));
    stand.register("acme/a", &at(url("a", &good)));
    let asked = dns.count_of("a.site.net");
    let mut client = RawClient::connect(stand.proxy.address());
    for turn in 0..40 {
        names.set("a", Zone::one(if turn % 2 == 0 { BAD } else { GOOD }));
        client.send("GET /acme/a/mcp HTTP/1.1\r\nHost: a\r\n\r\n");
        let (answer, body) = client.read();
        assert!(
            body.text() == "good" || answer.status == 502,
            "{}",
            answer.head
        );
    }
    assert!(trap.connections().is_empty());
    assert!(
        dns.count_of("a.site.net") > asked,
        "asked again for each new connection"
    );
}

#[test]
fn an_answer_is_as_good_as_its_worst_part() {
    let (good, trap, _feed) = pair();
    let names = Names::default();
    let dns = names.serve();
    let stand = Ground::local(&[good.address()], &[]).start(Some(&dns));
    let mapped: IpAddr = "::ffff:127.0.0.2".parse().expect("an address");
    let cases = [
        ("mixed", Zone::Addresses(vec![GOOD, BAD]), "backend-refused"),
        (
            "mapped",
            Zone::Addresses(vec![GOOD, mapped]),
            "backend-refused",
        ),
        (
            "chain",
            Zone::Alias("chain-2.site.net".into()),
            "backend-refused",
        ),
        (
            "round",
            Zone::Alias("round.site.net".into()),
            "upstream-unreachable",
        ),
        ("missing", Zone::Missing, "upstream-unreachable"),
        ("failing", Zone::Failure, "upstream-unreachable"),
        ("empty", Zone::Addresses(Vec::new()), "upstream-unreachable"),
    ];
    names.set("chain-2", Zone::Alias("chain-3.site.net".into()));
    names.set("chain-3", Zone::one(BAD));
    for (name, _, _) in &cases {
        names.set(name, Zone::one(GOOD));
        stand.register(&format!("acme/{name}"), &at(url(name, &good)));
    }
    for (name, zone, expected) in cases {
        let body = at(url(name, &good));
        names.set(name, zone);
        assert_eq!(stand.put("acme/again", &body).0.status, 422, "{name}");
        assert_eq!(reason(&stand, name).as_deref(), Some(expected), "{name}");
        assert_eq!(
            stand.show(&format!("acme/{name}"))["state"]["verdict"],
            "refused"
        );
    }
    assert!(trap.connections().is_empty() && good.connections().is_empty());
}

#[test]
fn a_dns_server_that_says_nothing_refuses() {
    let (good, trap, _feed) = pair();
    let names = Names::default();
    let dns = names.serve();
    names.set("a", Zone::one(GOOD));
    let stand = Ground::local(&[good.address()], &[]).start(Some(&dns));
    stand.register("acme/a", &at(url("a", &good)));
    names.set("a", Zone::Silence);
    assert_eq!(reason(&stand, "a").as_deref(), Some("upstream-unreachable"));
    assert_eq!(stand.show("acme/a")["state"]["rule"], "unresolved");
    assert!(trap.connections().is_empty() && good.connections().is_empty());
}
