//! Health: checks off the MCP endpoint, rise and fall, and ejection for nothing but connects that fail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use propylon_testkit::{
    Answer, Ending, Exchange, Gate, McpScript, Propylon, Upstream, eventually, mcp_script,
};
use serde_json::json;

use crate::front::{assert_refused, scripted, serve_with, urls};
use crate::session::{Session, answerer, instances, stateless_call};

const SOON: Duration = Duration::from_secs(10);

/// A scripted MCP server whose health path answers as it is told.
struct Server {
    upstream: Upstream,
    good: Arc<AtomicBool>,
}

impl Server {
    fn start(name: &str) -> Self {
        let (script, good) = (mcp_script(name), Arc::new(AtomicBool::new(true)));
        let telling = Arc::clone(&good);
        let upstream = Upstream::start(move |exchange| match exchange.target() {
            "/health" if telling.load(Ordering::SeqCst) => Answer::sized(200, &[], "well"),
            "/health" => Answer::sized(503, &[], "unwell"),
            _ => script.answer(exchange),
        });
        Self { upstream, good }
    }

    fn tell(&self, good: bool) {
        self.good.store(good, Ordering::SeqCst);
    }
}

fn start<const N: usize>(names: [&str; N]) -> [Server; N] {
    names.map(Server::start)
}

fn serve(servers: &[Server], health: &str) -> Propylon {
    let urls: Vec<_> = servers
        .iter()
        .map(|server| server.upstream.url("/mcp"))
        .collect();
    serve_with(&urls, &[health], &[])
}

fn is_available(proxy: &Propylon, upstream: &Upstream) -> bool {
    let name = upstream.address().to_string();
    let known = instances(proxy);
    known
        .iter()
        .find(|(instance, _)| *instance == name)
        .unwrap_or_else(|| panic!("{name} is not among {known:?}"))
        .1
}

fn await_available(proxy: &Propylon, upstream: &Upstream, expected: bool) {
    eventually(
        &format!("{} to be available: {expected}", upstream.address()),
        SOON,
        || is_available(proxy, upstream) == expected,
    );
}

fn targets(upstream: &Upstream) -> BTreeSet<String> {
    let seen = upstream.exchanges();
    seen.iter().map(|one| one.target().to_owned()).collect()
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn checks_never_touch_the_endpoint() {
    let servers = start(["alpha", "beta"]);
    let proxy = serve(&servers, "health: { path: /health, interval: 100ms }");
    for server in &servers {
        let seen = server.upstream.wait_for(5, SOON);
        assert_eq!(targets(&server.upstream), set(["/health"]));
        let host = server.upstream.address().to_string();
        for check in &seen {
            assert_eq!((check.method(), check.body.len()), ("GET", 0));
            assert_eq!(check.header("host"), Some(host.as_str()));
            assert_eq!(check.header("mcp-session-id"), None);
        }
    }
    let owner = Session::open(&proxy).owner;
    let at_endpoint = |server: &Server| {
        let seen = server.upstream.exchanges();
        seen.iter().filter(|one| one.target() != "/health").count()
    };
    let counts = [&servers[0], &servers[1]].map(at_endpoint);
    assert_eq!(counts, if owner == "alpha" { [1, 0] } else { [0, 1] });
    proxy.stop();
}

/// Answers check number `n` (from 1) well or badly, and counts.
fn planned(plan: impl Fn(usize) -> bool + Send + Sync + 'static) -> (Upstream, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let script = mcp_script("planned");
    let upstream = Upstream::start(move |exchange: &Exchange| {
        if exchange.target() != "/health" {
            return script.answer(exchange);
        }
        let number = counting.fetch_add(1, Ordering::SeqCst) + 1;
        Answer::sized(if plan(number) { 200 } else { 500 }, &[], "")
    });
    (upstream, asked)
}

/// Between the starts of two checks, and the part of it after which an answer has certainly been counted.
const INTERVAL: Duration = Duration::from_millis(400);
const COUNTED: Duration = Duration::from_millis(250);

/// Waits until the instance is available or not. Says after how many counted checks it was last seen otherwise, and how
/// many had been asked when it was first seen so.
fn turn(proxy: &Propylon, upstream: &Upstream, asked: &AtomicUsize, to: bool) -> (usize, usize) {
    let end = Instant::now() + SOON;
    let (mut otherwise, mut latest, mut since) = (0, 0, Instant::now());
    while Instant::now() < end {
        let now = asked.load(Ordering::SeqCst);
        if now != latest {
            (latest, since) = (now, Instant::now());
        }
        let counted = since.elapsed() > COUNTED;
        if is_available(proxy, upstream) == to {
            return (otherwise, asked.load(Ordering::SeqCst));
        }
        if counted {
            otherwise = latest;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("within {SOON:?}: expected the instance to be available: {to}");
}

#[test]
fn it_takes_fall_bad_answers_in_a_row_to_leave_and_rise_good_ones_to_return() {
    // Bad 3, 4 and 6, 7 are too few; 9, 10, 11 are enough. Then good 13 is too few; 15 and 16 are enough.
    let (upstream, asked) = planned(|number| !matches!(number, 3 | 4 | 6 | 7 | 9..=12 | 14));
    let health = format!(
        "health: {{ path: /health, interval: {}ms, fall: 3, rise: 2 }}",
        INTERVAL.as_millis()
    );
    let proxy = serve_with(&[upstream.url("/mcp")], &[&health], &[]);
    let (here, gone) = turn(&proxy, &upstream, &asked, false);
    assert!(here <= 10, "still here after {here} checks");
    assert!(gone >= 11, "gone after {gone} checks");
    let (gone, back) = turn(&proxy, &upstream, &asked, true);
    assert!(gone <= 15, "still gone after {gone} checks");
    assert!(back >= 16, "back after {back} checks");
    proxy.stop();
}

/// What a health path answers, and whether that is well.
type Case = (&'static str, bool, fn() -> Answer);

#[test]
fn what_counts_as_well() {
    let answers: [Case; 7] = [
        ("200", true, || Answer::sized(200, &[], "{}")),
        ("204", true, || {
            Answer::raw("HTTP/1.1 204 No Content\r\n\r\n")
        }),
        ("302", true, || Answer::sized(302, &["Location: /up"], "")),
        ("404", false, || Answer::sized(404, &[], "")),
        ("500", false, || Answer::sized(500, &[], "")),
        ("silence", false, || Answer::new().until(&Gate::new())),
        ("garbage", false, || {
            Answer::raw("SSH-2.0-200 OK\r\n\r\n").close()
        }),
    ];
    let mut named = Vec::new();
    for (what, well, answer) in answers {
        named.push((what, well, Upstream::start(move |_| answer())));
    }
    let urls: Vec<_> = named
        .iter()
        .map(|(_, _, upstream)| upstream.url("/mcp"))
        .collect();
    let health = "health: { path: /health, interval: 200ms, timeout: 150ms, fall: 1 }";
    let proxy = serve_with(&urls, &[health], &[]);
    for (what, well, upstream) in &named {
        upstream.wait_for(3, SOON);
        eprintln!("{what}");
        await_available(&proxy, upstream, *well);
        assert_eq!(targets(upstream), set(["/health"]), "{what}");
    }
    proxy.stop();
}

#[test]
fn new_sessions_avoid_an_unhealthy_instance_and_its_own_stay() {
    let servers = start(["alpha", "beta"]);
    let proxy = serve(
        &servers,
        "health: { path: /health, interval: 100ms, fall: 2, rise: 2 }",
    );
    let session = Session::of(&proxy, "alpha");
    servers[0].tell(false);
    await_available(&proxy, &servers[0].upstream, false);
    assert_eq!(Session::owners(&proxy, 12), set(["beta"]));
    let stateless = (0..12).map(|id| answerer(&stateless_call(&proxy, id, "whoami")));
    assert_eq!(stateless.collect::<BTreeSet<_>>(), set(["beta"]));
    for _ in 0..5 {
        assert_eq!(session.answered_by(), "alpha");
    }
    // Last, since an open stream would send new sessions elsewhere all by itself.
    let (response, stream) = session.stream();
    assert_eq!(response.status, 200);
    let mut stream = stream.into_client();
    let end = stream.patience(Duration::from_millis(300)).read_head();
    assert_eq!(end.err(), Some(Ending::Silence), "its stream stays open");
    drop(stream);
    servers[0].tell(true);
    await_available(&proxy, &servers[0].upstream, true);
    assert_eq!(Session::owners(&proxy, 12), set(["alpha", "beta"]));
    assert_eq!(session.answered_by(), "alpha");
    proxy.stop();
}

#[test]
fn with_no_healthy_instance_all_are_tried() {
    let servers = start(["alpha", "beta"]);
    let proxy = serve(
        &servers,
        "health: { path: /health, interval: 100ms, fall: 1 }",
    );
    for server in &servers {
        server.tell(false);
        await_available(&proxy, &server.upstream, false);
    }
    assert_eq!(Session::owners(&proxy, 12), set(["alpha", "beta"]));
    // One of them is not even there: the other is reached without a failed request.
    servers[0].upstream.die();
    assert_eq!(Session::owners(&proxy, 6), set(["beta"]));
    servers[1].upstream.die();
    let answer = stateless_call(&proxy, 3, "whoami");
    assert_refused(&answer, 502, "upstream-refused", &json!(3));
    servers[1].upstream.revive();
    assert_eq!(Session::owners(&proxy, 3), set(["beta"]));
    proxy.stop();
}

/// Two servers of which the first drops the connection at every call of `crash`.
fn crashing(answer: fn() -> Answer) -> (Server, Server) {
    let script: McpScript = mcp_script("alpha");
    let alpha = Upstream::start(move |exchange| {
        if exchange.json()["params"]["name"] == "crash" {
            return answer();
        }
        script.answer(exchange)
    });
    let good = Arc::new(AtomicBool::new(true));
    let alpha = Server {
        upstream: alpha,
        good,
    };
    (alpha, Server::start("beta"))
}

fn check_crashes_eject_nobody(answer: fn() -> Answer) {
    let (alpha, beta) = crashing(answer);
    let servers = [alpha, beta];
    let proxy = serve(&servers, "pool: { eject: 60s }");
    let (session, bystander) = (Session::of(&proxy, "alpha"), Session::of(&proxy, "alpha"));
    for id in 0..6 {
        let answer = session.call(id, "crash");
        assert_refused(&answer, 502, "upstream-closed", &json!(id));
        assert!(is_available(&proxy, &servers[0].upstream), "call {id}");
        assert_eq!(bystander.answered_by(), "alpha");
    }
    assert_eq!(session.answered_by(), "alpha");
    assert_eq!(Session::owners(&proxy, 12), set(["alpha", "beta"]));
    let seen = servers[0].upstream.exchanges();
    let crashes = seen
        .iter()
        .filter(|one| one.json()["params"]["name"] == "crash");
    assert_eq!(crashes.count(), 6, "none was sent twice");
    proxy.stop();
}

#[test]
fn calls_that_close_the_connection_eject_nobody() {
    check_crashes_eject_nobody(|| Answer::new().close());
}

#[test]
fn calls_that_reset_the_connection_eject_nobody() {
    check_crashes_eject_nobody(|| Answer::new().reset());
}

#[test]
fn a_refused_connect_ejects_for_a_while_and_no_longer() {
    let servers = scripted(&["alpha", "beta"]);
    let proxy = serve_with(&urls(&servers), &["pool: { eject: 2s }"], &[]);
    assert_eq!(Session::owners(&proxy, 6), set(["alpha", "beta"]));
    let (_, alpha) = &servers[0];
    alpha.die();
    assert!(is_available(&proxy, alpha), "nobody has found out yet");
    assert_eq!(Session::owners(&proxy, 6), set(["beta"]));
    assert!(!is_available(&proxy, alpha));
    assert!(is_available(&proxy, &servers[1].1));
    alpha.revive();
    await_available(&proxy, alpha, true);
    assert_eq!(Session::owners(&proxy, 6), set(["alpha", "beta"]));
    proxy.stop();
}

#[test]
fn a_good_check_ends_an_ejection() {
    let servers = start(["alpha", "beta"]);
    let (alpha, keys) = (
        &servers[0].upstream,
        [
            "health: { path: /health, interval: 200ms, fall: 3 }",
            "pool: { eject: 60s }",
        ],
    );
    let urls = [alpha.url("/mcp"), servers[1].upstream.url("/mcp")];
    let proxy = serve_with(&urls, &keys, &[]);
    alpha.die();
    assert_eq!(Session::owners(&proxy, 6), set(["beta"]));
    await_available(&proxy, alpha, false);
    alpha.revive();
    await_available(&proxy, alpha, true);
    assert_eq!(Session::owners(&proxy, 6), set(["alpha", "beta"]));
    proxy.stop();
}
