//! Upstreams found by name, with a real DNS server: instances come and go while the proxy serves.

pub(crate) mod dns;

use std::collections::BTreeSet;
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use propylon_testkit::{
    Launch, McpScript, Propylon, RawClient, Upstream, eventually, free_port, mcp_script,
};
use serde_json::json;

use crate::front::{BINARY, assert_refused};
use crate::session::{Session, answerer, instances, stateless_call, tool_call};
use dns::Dns;

/// A TTL of 1 s, the question, and room for a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// Scripted servers, each named and on an address of its own.
fn servers<const N: usize>(named: [(&str, SocketAddr); N]) -> [(McpScript, Upstream); N] {
    named.map(|(name, address)| {
        let script = mcp_script(name);
        let answering = script.clone();
        let upstream = Upstream::start_at(address, move |exchange| answering.answer(exchange));
        (script, upstream)
    })
}

fn on(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().expect("an address"), port)
}

/// Serves `/mcp` from a name, with another key of the upstream.
fn serve_name(url: &str, key: &str, dns: &Dns) -> Propylon {
    let text = format!(
        "listeners:\n  - address: \"{{listen}}\"\nadmin: {{ address: \"{{admin}}\" }}\n{}\nroutes:\n  \
         - {{ path: /mcp, upstream: it }}\nupstreams:\n  it:\n    url: {url}\n    {key}\n",
        dns.key()
    );
    Launch::new(BINARY).config(&text)
}

fn discover(port: u16, dns: &Dns) -> Propylon {
    serve_name(
        &format!("http://all.it.test:{port}/mcp"),
        "discover: dns",
        dns,
    )
}

/// Waits until the proxy knows exactly these instances.
fn await_instances(proxy: &Propylon, expected: &[SocketAddr]) {
    let expected: BTreeSet<_> = expected.iter().map(ToString::to_string).collect();
    eventually(&format!("instances {expected:?}"), SOON, || {
        let known: BTreeSet<_> = instances(proxy).into_iter().map(|known| known.0).collect();
        known == expected
    });
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn addresses_of_a_name_come_and_go_while_serving() {
    let port = free_port();
    let [one, two, three] = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(|ip| on(ip, port));
    let _servers = servers([("one", one), ("two", two), ("three", three)]);
    let dns = Dns::start(&["127.0.0.2 all.it.test"], &[]);
    let proxy = discover(port, &dns);
    await_instances(&proxy, &[one]);
    let first = Session::open(&proxy);
    assert_eq!(Session::owners(&proxy, 6), set(["one"]));

    dns.publish(&["127.0.0.2 all.it.test", "127.0.0.3 all.it.test"]);
    await_instances(&proxy, &[one, two]);
    assert_eq!(Session::owners(&proxy, 12), set(["one", "two"]));

    dns.publish(&["127.0.0.3 all.it.test", "127.0.0.4 all.it.test"]);
    await_instances(&proxy, &[two, three]);
    assert_eq!(Session::owners(&proxy, 12), set(["two", "three"]));
    assert_eq!(
        first.answered_by(),
        "one",
        "an instance that left the name keeps its sessions"
    );
    proxy.stop();
}

#[test]
fn a_removed_address_keeps_its_sessions_and_streams_while_it_lives() {
    let port = free_port();
    let [stays, leaves] = ["127.0.0.2", "127.0.0.3"].map(|ip| on(ip, port));
    let [_stays, (script, leaving)] = servers([("stays", stays), ("leaves", leaves)]);
    let dns = Dns::start(&["127.0.0.2 all.it.test", "127.0.0.3 all.it.test"], &[]);
    let proxy = discover(port, &dns);
    await_instances(&proxy, &[stays, leaves]);
    let session = Session::of(&proxy, "leaves");
    let (response, mut events) = session.stream();
    assert_eq!(response.status, 200);

    dns.publish(&["127.0.0.2 all.it.test"]);
    await_instances(&proxy, &[stays]);
    for _ in 0..5 {
        assert_eq!(session.answered_by(), "leaves");
    }
    assert_eq!(Session::owners(&proxy, 10), set(["stays"]));
    let stateless = (0..10).map(|id| answerer(&stateless_call(&proxy, id, "whoami")));
    assert_eq!(stateless.collect::<BTreeSet<_>>(), set(["stays"]));
    script.feed.event("7");
    let event = events.next(SOON).expect("the stream goes on");
    assert_eq!(event.data(), "7");

    leaving.die();
    assert_refused(&session.call(9, "whoami"), 404, "session-lost", &json!(9));
    assert_eq!(Session::owners(&proxy, 4), set(["stays"]));
    proxy.stop();
}

#[test]
fn service_records_bring_ports_and_only_the_first_priority_counts() {
    let ports = [free_port(), free_port(), free_port(), free_port()];
    let [one, two, three, spare] = ports.map(|port| on("127.0.0.1", port));
    let named = [
        ("one", one),
        ("two", two),
        ("three", three),
        ("spare", spare),
    ];
    let _servers = servers(named);
    let record = |server: SocketAddr, priority: u8| {
        let port = server.port();
        format!("--srv-host=_mcp._tcp.it.test,host.it.test,{port},{priority},10")
    };
    let hosts = ["127.0.0.1 host.it.test"];
    let (first, second, last) = (record(one, 1), record(two, 1), record(spare, 2));
    let mut dns = Dns::start(&hosts, &[&first, &second, &last]);
    let proxy = serve_name("http://_mcp._tcp.it.test/mcp", "discover: srv", &dns);
    await_instances(&proxy, &[one, two]);
    assert_eq!(Session::owners(&proxy, 12), set(["one", "two"]));
    let session = Session::of(&proxy, "one");

    dns.restart(&hosts, &[&second, &record(three, 1), &last]);
    await_instances(&proxy, &[two, three]);
    assert_eq!(Session::owners(&proxy, 12), set(["two", "three"]));
    assert_eq!(session.answered_by(), "one");
    proxy.stop();
}

#[test]
fn a_service_record_whose_host_has_no_address_does_not_hide_the_others() {
    let [here, gone] = [free_port(), free_port()].map(|port| on("127.0.0.1", port));
    let _servers = servers([("here", here)]);
    let record = |host: &str, server: SocketAddr| {
        format!("--srv-host=_mcp._tcp.it.test,{host},{},1,10", server.port())
    };
    let options = [record("host.it.test", here), record("none.it.test", gone)];
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let dns = Dns::start(&["127.0.0.1 host.it.test"], &options);
    let proxy = serve_name("http://_mcp._tcp.it.test/mcp", "discover: srv", &dns);
    await_instances(&proxy, &[here]);
    assert_eq!(Session::owners(&proxy, 3), set(["here"]));
    proxy.stop();
}

#[test]
fn a_plain_name_moves_with_its_address_also_under_traffic() {
    let port = free_port();
    let [old, new] = ["127.0.0.2", "127.0.0.3"].map(|ip| on(ip, port));
    let _servers = servers([("old", old), ("new", new)]);
    let dns = Dns::start(&["127.0.0.2 one.it.test"], &[]);
    let url = format!("http://one.it.test:{port}/mcp");
    // One worker, so that every call finds the connection that the call before it left warm.
    let proxy = serve_name(&url, "pool: { idle: 10s }\nworkers: 1", &dns);
    assert_eq!(answerer(&stateless_call(&proxy, 0, "whoami")), "old");
    dns.publish(&["127.0.0.3 one.it.test"]);
    eventually("calls to follow the name", SOON, || {
        answerer(&stateless_call(&proxy, 1, "whoami")) == "new"
    });
    for id in 0..10 {
        assert_eq!(answerer(&stateless_call(&proxy, id, "whoami")), "new");
    }
    proxy.stop();
}

#[test]
fn a_call_under_way_ends_where_it_began_when_its_name_moves() {
    let port = free_port();
    let [old, new] = ["127.0.0.2", "127.0.0.3"].map(|ip| on(ip, port));
    let [(script, _old), (_, _new)] = servers([("old", old), ("new", new)]);
    let dns = Dns::start(&["127.0.0.2 one.it.test"], &[]);
    let url = format!("http://one.it.test:{port}/mcp");
    let proxy = serve_name(&url, "affinity: { by: none }", &dns);
    let (response, mut events) = Session::open(&proxy).stream();
    assert_eq!(response.status, 200);
    dns.publish(&["127.0.0.3 one.it.test"]);
    eventually("calls to follow the name", SOON, || {
        answerer(&stateless_call(&proxy, 1, "whoami")) == "new"
    });
    script.feed.event("still here");
    let event = events.next(SOON).expect("the stream goes on");
    assert_eq!(event.data(), "still here");
    proxy.stop();
}

/// A name nobody knows, although the DNS says it will be so for ten minutes, is asked for again and again.
fn check_unresolved_at_start(key: &str) {
    let port = free_port();
    let _servers = servers([("late", on("127.0.0.2", port))]);
    let dns = Dns::lasting(&["127.0.0.2 other.it.test"]);
    let proxy = serve_name(&format!("http://late.it.test:{port}/mcp"), key, &dns);
    for id in 0..3 {
        let answer = stateless_call(&proxy, id, "whoami");
        assert_refused(&answer, 503, "upstream-unreachable", &json!(id));
        let after = answer.0.header("retry-after").map(str::parse::<u32>);
        assert!(matches!(after, Some(Ok(1..))), "{}", answer.0.head);
    }
    dns.publish(&["127.0.0.2 late.it.test"]);
    eventually("the name to be served", SOON, || {
        stateless_call(&proxy, 7, "whoami").0.status == 200
    });
    assert_eq!(Session::open(&proxy).answered_by(), "late");
    proxy.stop();
}

#[test]
fn a_discovered_name_that_appears_late_is_served() {
    check_unresolved_at_start("discover: dns");
}

#[test]
fn a_plain_name_that_appears_late_is_served() {
    check_unresolved_at_start("affinity: { by: session }");
}

#[test]
fn a_dns_server_that_is_down_at_the_start_delays_nobody_for_long() {
    let port = free_port();
    let _servers = servers([("one", on("127.0.0.2", port))]);
    let hosts = ["127.0.0.2 all.it.test"];
    let mut dns = Dns::start(&hosts, &[]);
    dns.stop();
    let start = Instant::now();
    let proxy = discover(port, &dns);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(8), "the start took {took:?}");
    let answer = stateless_call(&proxy, 1, "whoami");
    assert_refused(&answer, 503, "upstream-unreachable", &json!(1));
    dns.restart(&hosts, &[]);
    eventually("the name to be served", SOON, || {
        stateless_call(&proxy, 2, "whoami").0.status == 200
    });
    proxy.stop();
}

#[test]
fn the_last_addresses_stay_in_use_while_the_dns_is_down_or_forgets() {
    let port = free_port();
    let [one, two, three] = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(|ip| on(ip, port));
    let _servers = servers([("one", one), ("two", two), ("three", three)]);
    let both = ["127.0.0.2 all.it.test", "127.0.0.3 all.it.test"];
    let mut dns = Dns::start(&both, &[]);
    let proxy = discover(port, &dns);
    await_instances(&proxy, &[one, two]);
    let session = Session::of(&proxy, "two");

    dns.stop();
    stays_served(&proxy, &session);
    dns.restart(&["127.0.0.9 other.it.test"], &[]);
    stays_served(&proxy, &session);
    dns.publish(&["127.0.0.4 all.it.test"]);
    await_instances(&proxy, &[three]);
    assert_eq!(Session::owners(&proxy, 4), set(["three"]));
    assert_eq!(session.answered_by(), "two");
    proxy.stop();
}

/// For longer than two TTLs, both known instances get new sessions and an old one keeps its own.
fn stays_served(proxy: &Propylon, session: &Session) {
    for _ in 0..8 {
        assert_eq!(Session::owners(proxy, 6), set(["one", "two"]));
        assert_eq!(session.answered_by(), "two");
        thread::sleep(Duration::from_millis(400));
    }
}

#[test]
fn both_families_of_a_name_are_instances() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("this machine has no IPv6 loopback: nothing to see");
        return;
    }
    let port = free_port();
    let [four, six] = ["127.0.0.2", "::1"].map(|ip| on(ip, port));
    let _servers = servers([("four", four), ("six", six)]);
    let dns = Dns::start(&["127.0.0.2 all.it.test", "::1 all.it.test"], &[]);
    let proxy = discover(port, &dns);
    await_instances(&proxy, &[four, six]);
    assert_eq!(Session::owners(&proxy, 12), set(["four", "six"]));

    dns.publish(&["::1 all.it.test"]);
    await_instances(&proxy, &[six]);
    let session = Session::of(&proxy, "six");
    assert_eq!(session.answered_by(), "six");
    proxy.stop();
}

#[test]
fn an_address_that_returns_is_used_again() {
    let port = free_port();
    let [stays, returns] = ["127.0.0.2", "127.0.0.3"].map(|ip| on(ip, port));
    let _servers = servers([("stays", stays), ("returns", returns)]);
    let (both, one) = (
        ["127.0.0.2 all.it.test", "127.0.0.3 all.it.test"],
        ["127.0.0.2 all.it.test"],
    );
    let dns = Dns::start(&both, &[]);
    let proxy = discover(port, &dns);
    await_instances(&proxy, &[stays, returns]);
    let session = Session::of(&proxy, "returns");
    let mut client = RawClient::connect(proxy.address());
    for hosts in [&one[..], &both] {
        dns.publish(hosts);
        let expected: &[_] = if hosts.len() == 2 {
            &[stays, returns]
        } else {
            &[stays]
        };
        await_instances(&proxy, expected);
        client.post(proxy.address(), "/mcp", &[], &tool_call(1, "whoami"));
        assert_eq!(client.read().0.status, 200, "a kept connection goes on");
        assert_eq!(session.answered_by(), "returns");
    }
    assert_eq!(Session::owners(&proxy, 12), set(["stays", "returns"]));
    proxy.stop();
}
