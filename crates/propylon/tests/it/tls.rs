//! TLS on both sides, with curl, openssl and our own check as the other end.

pub(crate) mod authority;
mod clients;
mod instances;
mod rotation;
mod sdks;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use propylon_testkit::{
    Answer, Guarded, Launch, Propylon, Scratch, Upstream, eventually, free_address,
};

use crate::front::BINARY;
pub(crate) use authority::{Authority, Leaf};

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Serves `/mcp` over TLS from `url`; `tls` and `upstream` are more keys of the listener's TLS and of the upstream.
pub(crate) fn serve(url: &str, tls: &str, upstream: &str) -> Propylon {
    Launch::new(BINARY).config(&format!(
        "listeners:\n  - address: \"{{listen}}\"\n    tls: {{ {tls} }}\nadmin: {{ address: \"{{admin}}\" }}\n\
         routes:\n  - {{ path: /mcp, upstream: it }}\nupstreams:\n  it:\n    url: {url}\n    {upstream}\n"
    ))
}

/// A listener's keys for one pair of files.
pub(crate) fn pair(folder: &Path, name: &str) -> String {
    let folder = folder.display();
    format!("certificate: {folder}/{name}.pem, key: {folder}/{name}.key")
}

/// Asks for `path` as `host`, which is taken to be at the proxy's address.
fn curl(proxy: &Propylon, authority: &Authority, host: &str, path: &str, more: &[&str]) -> Output {
    let SocketAddr::V4(address) = proxy.address() else {
        panic!("an IPv4 address")
    };
    Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--include"])
        .arg("--cacert")
        .arg(authority.file())
        .arg("--resolve")
        .arg(format!("{host}:{}:{}", address.port(), address.ip()))
        .args(more)
        .arg(format!("https://{host}:{}{path}", address.port()))
        .output()
        .expect("curl runs")
}

pub(crate) fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

/// The subject of the certificate that is shown to a client that asks for `name`, or what went wrong.
pub(crate) fn shown(address: SocketAddr, name: &str, more: &[&str]) -> String {
    let output = Command::new("openssl")
        .args([
            "s_client",
            "-connect",
            &address.to_string(),
            "-servername",
            name,
        ])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .expect("openssl runs");
    let text = text(&output);
    let subject = text.lines().find(|line| line.starts_with("subject="));
    subject.map_or(text.clone(), str::to_owned)
}

fn echo() -> Upstream {
    Upstream::start(|_| Answer::sized(200, &[], "ok"))
}

#[test]
fn a_client_over_tls_is_served_and_the_upstream_is_told() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["mcp.example.com"]));
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &pair(scratch.path(), "server"), "");
    let output = curl(
        &proxy,
        &authority,
        "mcp.example.com",
        "/mcp",
        &["--data", "{}"],
    );
    assert!(text(&output).contains("200"), "{}", text(&output));
    let seen = upstream.wait_for(1, SOON).remove(0);
    assert_eq!(
        seen.header("x-forwarded-proto"),
        Some("https"),
        "{}",
        seen.line()
    );
    let port = proxy.address().port();
    let forwarded = format!("for=127.0.0.1;host=\"mcp.example.com:{port}\";proto=https");
    assert_eq!(seen.header("forwarded"), Some(forwarded.as_str()));
    // Many requests on one connection, and a body larger than a record.
    let big = format!("{{\"pad\":\"{}\"}}", "x".repeat(300_000));
    let file = scratch.write("big.json", &big);
    let data = format!("@{}", file.display());
    let again = format!("https://mcp.example.com:{port}/mcp");
    let more = ["--data-binary", &data, &again];
    let output = curl(&proxy, &authority, "mcp.example.com", "/mcp", &more);
    assert_eq!(
        text(&output).matches("HTTP/2 200").count(),
        2,
        "{}",
        text(&output)
    );
    let seen = upstream.wait_for(3, SOON);
    assert_eq!(seen[1].body.len(), big.len());
    eventually("three lines in the log", SOON, || {
        proxy.access_log().len() == 3
    });
}

#[test]
fn the_certificate_follows_the_name_a_client_asks_for() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("one", &Leaf::of(&["one.example.com"]));
    authority.issue("many", &Leaf::of(&["*.many.example.com"]));
    let pairs = ["one", "many"].map(|name| format!("{{ {} }}", pair(scratch.path(), name)));
    let tls = format!("certificates: [{}]", pairs.join(", "));
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &tls, "");
    for (name, subject) in [
        ("one.example.com", "one"),
        ("ONE.example.com", "one"),
        ("a.many.example.com", "many"),
        ("a.b.many.example.com", "one"),
        ("unknown.example.com", "one"),
    ] {
        let found = shown(proxy.address(), name, &[]);
        assert!(
            found.ends_with(&format!("CN = {subject}")),
            "{name}: {found}"
        );
    }
}

#[test]
fn the_oldest_version_is_the_operators_to_choose() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["mcp.example.com"]));
    let upstream = echo();
    let pair = pair(scratch.path(), "server");
    let usual = serve(&upstream.url("/mcp"), &pair, "");
    let strict = serve(
        &upstream.url("/mcp"),
        &format!("{pair}, min_version: 1.3"),
        "",
    );
    let speaks = |proxy: &Propylon, version: &str| {
        shown(proxy.address(), "mcp.example.com", &[version]).starts_with("subject=")
    };
    assert!(speaks(&usual, "-tls1_3") && speaks(&usual, "-tls1_2"));
    assert!(!speaks(&usual, "-tls1_1") && !speaks(&usual, "-tls1"));
    assert!(speaks(&strict, "-tls1_3") && !speaks(&strict, "-tls1_2"));
}

#[test]
fn a_changed_certificate_is_shown_and_a_bad_one_is_not() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["mcp.example.com"]).called("first"));
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &pair(scratch.path(), "server"), "");
    let subject = || shown(proxy.address(), "mcp.example.com", &[]);
    assert!(subject().ends_with("CN = first"));
    authority.issue("server", &Leaf::of(&["mcp.example.com"]).called("second"));
    eventually("the second certificate", SOON, || {
        subject().ends_with("CN = second")
    });

    // Another key: the pair does not go together.
    authority.issue("other", &Leaf::of(&["mcp.example.com"]).called("third"));
    let other = std::fs::read_to_string(scratch.path().join("other.pem")).expect("it is there");
    scratch.write("server.pem", &other);
    eventually("the refusal in the log", SOON, || {
        proxy.output().contains("do not go together")
    });
    assert!(proxy.output().contains("the old certificates stay"));
    assert!(subject().ends_with("CN = second"));
}

#[test]
fn files_that_cannot_be_used_are_named_before_anything_starts() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["mcp.example.com"]));
    authority.issue("other", &Leaf::of(&["mcp.example.com"]));
    scratch.write("empty.pem", "");
    for (tls, said) in [
        (
            "certificate: nowhere.pem, key: server.key",
            "nowhere.pem: No such file or directory",
        ),
        (
            "certificate: empty.pem, key: server.key",
            "empty.pem: there is no certificate in it",
        ),
        (
            "certificate: server.pem, key: empty.pem",
            "empty.pem: there is no private key in it",
        ),
        (
            "certificate: server.pem, key: other.key",
            "other.key do not go together",
        ),
    ] {
        let file = scratch.write("propylon.yaml", &format!(
            "listeners: [{{ address: 127.0.0.1:0, tls: {{ {tls} }} }}]\nroutes: [{{ path: /mcp, upstream: it }}]\n\
             upstreams: {{ it: {{ url: http://127.0.0.1:1/mcp }} }}\n"
        ));
        for command in [&["serve", "-c"][..], &["config", "check"]] {
            let output = Command::new(BINARY)
                .args(command)
                .arg(&file)
                .output()
                .expect("it runs");
            assert_eq!(output.status.code(), Some(2));
            assert!(text(&output).contains(said), "{said}: {}", text(&output));
        }
    }
}

#[test]
fn nothing_is_found_by_our_own_check_over_tls_on_both_sides() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["127.0.0.1"]));
    let listen = free_address();
    let mut probe = Command::new(BINARY);
    probe.args([
        "probe",
        "--listen",
        &listen.to_string(),
        "--token",
        "secret",
    ]);
    let _probe = Guarded::start(probe);
    eventually("the probe listens", SOON, || {
        std::net::TcpStream::connect(listen).is_ok()
    });
    let pair = pair(scratch.path(), "server");
    let inner = serve(&format!("http://{listen}/mcp"), &pair, "");
    let ca = format!("tls: {{ ca: {} }}", authority.file().display());
    let outer = serve(&format!("https://{}/mcp", inner.address()), &pair, &ca);
    let output = Command::new(BINARY)
        .args([
            "check",
            "--profile",
            "quick",
            "--format",
            "json",
            "--token",
            "secret",
            "--ca",
        ])
        .arg(authority.file())
        .args([
            "--select",
            "sse-buffered,sse-head-withheld,disconnect-not-propagated,session-header-lost",
        ])
        .args([
            "--select",
            "body-altered,body-limit-small,error-body-replaced,upstream-loss-hidden",
        ])
        .args([
            "--select",
            "tls-certificate,tls-old-version,slow-reader-starves-others,keepalive-race",
        ])
        .arg(format!("https://{}/mcp", outer.address()))
        .output()
        .expect("it runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let results = report["results"].as_array().expect("results");
    let failed: Vec<_> = results
        .iter()
        .filter(|row| row["verdict"] == "fail")
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let passed = results
        .iter()
        .filter(|row| row["verdict"] == "pass")
        .count();
    assert!(passed >= 9, "{results:#?}");
    assert_tells_of_tls(&metrics(&outer));
}

fn assert_tells_of_tls(metrics: &str) {
    for wanted in [
        "propylon_tls_handshakes_total{result=\"done\"}",
        "propylon_tls_certificate_not_after_seconds{",
    ] {
        assert!(metrics.contains(wanted), "{metrics}");
    }
}

fn metrics(proxy: &Propylon) -> String {
    let mut client = propylon_testkit::RawClient::connect(proxy.admin());
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.read().1.text()
}
