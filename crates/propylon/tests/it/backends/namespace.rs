//! In a network of the test's own: whatever names and URLs say, nobody inside is ever reached.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use propylon_testkit::{RawClient, ScriptedDns, Zone};

use super::stand::{Ground, Stand, TOKEN, at, request};

/// What stands inside.
const INSIDE: [&str; 6] = [
    "169.254.169.254",
    "10.0.0.1",
    "fd00::1",
    "127.0.0.1",
    "::1",
    "192.168.7.7",
];
/// Where nobody is, but might be: names lead here while they are registered.
const OUTSIDE: &str = "93.184.215.14";
const PORTS: [u16; 2] = [443, 8443];
const NAMES: usize = 100;
const ROUNDS: usize = 100;

/// Runs [`inside_a_network_of_its_own`] where nobody else is.
#[test]
fn nobody_inside_is_reached_by_ten_thousand_attempts() {
    let me = std::env::current_exe().expect("a test has a program");
    let output = Command::new("unshare")
        .arg("--net")
        .arg(me)
        .args([
            "--exact",
            "backends::namespace::inside_a_network_of_its_own",
        ])
        .args(["--ignored", "--nocapture"])
        .output()
        .expect("unshare is missing: apt-get install util-linux");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.contains("1 passed"),
        "a network namespace is needed, which takes root (or CAP_SYS_ADMIN):\n{said}{complained}"
    );
}

fn ip(args: &[&str]) {
    let output = Command::new("ip").args(args).output();
    let output = output.expect("ip is missing: apt-get install iproute2");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "ip {args:?}: {said}");
}

/// Counts who connects.
fn count(address: SocketAddr, count: &Arc<AtomicUsize>) {
    let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    let count = Arc::clone(count);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
}

/// A number that looks like chance and is the same in every run.
fn mixed(seed: usize) -> usize {
    let mut x = (seed as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((x ^ (x >> 27)) >> 8) as usize
}

/// What a name stands for at its next look-up: something inside, in one of many ways.
fn inward(seed: usize) -> Zone {
    let inside: IpAddr = INSIDE[seed % INSIDE.len()].parse().expect("an address");
    let outside: IpAddr = OUTSIDE.parse().expect("an address");
    let hidden = match inside {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        v6 => v6,
    };
    match seed / INSIDE.len() % 5 {
        0 => Zone::one(inside),
        1 => Zone::Addresses(vec![outside, inside]),
        2 => Zone::one(hidden),
        3 => Zone::Alias(format!("alias-{seed}.site.net")),
        _ => Zone::Addresses(vec![inside; 3]),
    }
}

#[test]
#[ignore = "run in a network namespace by the test above"]
fn inside_a_network_of_its_own() {
    ip(&["link", "set", "lo", "up"]);
    for address in INSIDE
        .iter()
        .filter(|address| !["127.0.0.1", "::1"].contains(address))
    {
        ip(&["address", "add", address, "dev", "lo"]);
    }
    let reached = Arc::new(AtomicUsize::new(0));
    for (address, port) in INSIDE
        .iter()
        .flat_map(|address| PORTS.map(|port| (address, port)))
    {
        let address: IpAddr = address.parse().expect("an address");
        count((address, port).into(), &reached);
    }
    assert_counts(&reached);

    let (turn, is_over) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let registered = Arc::clone(&is_over);
    let dns = ScriptedDns::start(move |name| {
        let outside: IpAddr = OUTSIDE.parse().expect("an address");
        match name.strip_prefix("alias-") {
            Some(_) => Zone::one("10.0.0.1".parse::<IpAddr>().expect("an address")),
            None if registered.load(Ordering::SeqCst) == 0 => Zone::one(outside),
            None => inward(mixed(turn.fetch_add(1, Ordering::SeqCst))),
        }
    });
    let quotas = "quotas: { requests_per_second: 1000000 }";
    let timeouts = "timeouts: { connect: 200ms }";
    let stand = Ground::new("ports: [443, 8443]", &[quotas, timeouts]).start(Some(&dns));
    for name in 0..NAMES {
        let port = PORTS[name % PORTS.len()];
        let url = format!("https://n{name}.site.net:{port}/mcp");
        stand.register(&format!("acme/n{name}"), &at(url));
    }
    is_over.store(1, Ordering::SeqCst);
    let attempts = rush(&stand);
    assert!(attempts >= 10_000, "{attempts}");
    assert_eq!(reached.load(Ordering::SeqCst), 0, "of {attempts} attempts");
}

/// The instrument works: what is let through by name of the operator does arrive.
fn assert_counts(reached: &Arc<AtomicUsize>) {
    let guard = "allow: [10.0.0.1], allow_http: true, ports: [443, 8443]";
    let stand = Ground::new(guard, &["timeouts: { response_head: 200ms }"]).start(None);
    stand.register("acme/a", &at("http://10.0.0.1:443/mcp"));
    crate::front::get(stand.proxy.address(), "/acme/a/mcp");
    assert_eq!(reached.swap(0, Ordering::SeqCst), 1);
}

/// Asks every registered server again and again, and registers what leads inside as often.
fn rush(stand: &Stand) -> usize {
    let (mut attempts, mut refused) = (0, 0);
    let (api, bearer) = (stand.ground.api, format!("Authorization: Bearer {TOKEN}"));
    for round in 0..ROUNDS {
        let mut client = RawClient::connect(stand.proxy.address());
        let mut desk = RawClient::connect(api);
        for name in 0..NAMES {
            client.send(format!("GET /acme/n{name}/mcp HTTP/1.1\r\nHost: a\r\n\r\n"));
            let (answer, _) = client.read();
            let reason = answer
                .header("propylon-reason")
                .unwrap_or_default()
                .to_owned();
            // One kind of record may lead outside and the other nowhere: then nobody is there.
            let is_known = ["backend-refused", "upstream-unreachable"].contains(&&*reason);
            assert!(is_known, "{}", answer.head);
            refused += usize::from(reason == "backend-refused");
            attempts += 1;
            if name % 4 == 0 {
                let inside = INSIDE[mixed(round * NAMES + name) % INSIDE.len()];
                let host = if inside.contains(':') {
                    format!("[{inside}]")
                } else {
                    inside.to_owned()
                };
                let body = at(format!("https://{host}:{}/mcp", PORTS[name % 2]));
                desk.send(request(
                    api,
                    "PUT",
                    "/v1/backends/acme/x",
                    &[&bearer],
                    Some(&body),
                ));
                assert_eq!(desk.read().0.status, 422);
                attempts += 1;
            }
        }
    }
    assert!(refused > attempts / 2, "{refused} of {attempts}");
    attempts
}
