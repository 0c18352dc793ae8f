//! Certificates that change while clients come: sessions go on, nobody is refused, and little life left is said.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use propylon_testkit::{Scratch, eventually};

use crate::real::servers::peers;

use super::authority::{Authority, Leaf};
use super::{SOON, echo, metrics, pair, serve, shown, text};

/// What openssl says of one request, answered and closed.
pub(super) fn request(mut command: Command) -> String {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("openssl runs");
    let mut input = child.stdin.take().expect("it is piped");
    // One that was refused reads no more.
    let _ = input.write_all(b"GET /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    text(&child.wait_with_output().expect("it ends"))
}

#[test]
fn a_session_is_resumed_over_a_change_of_certificate_and_a_reload() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["mcp.example.com"]).called("first"));
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &pair(scratch.path(), "server"), "");
    let ask = |version: &str, option: &str| {
        let mut command = Command::new("openssl");
        command.args([
            "s_client",
            "-ign_eof",
            version,
            "-servername",
            "mcp.example.com",
            "-connect",
        ]);
        command.arg(proxy.address().to_string());
        command
            .arg(option)
            .arg(scratch.path().join(format!("session{version}")));
        request(command)
    };
    let versions = [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")];
    let check = |option: &str, wanted: &str| {
        for (flag, version) in versions {
            let said = ask(flag, option);
            assert!(said.contains(&format!("{wanted}, {version}")), "{said}");
            assert!(said.contains("HTTP/1.1 200"), "{said}");
        }
    };
    check("-sess_out", "New");
    check("-sess_in", "Reused");
    authority.issue("server", &Leaf::of(&["mcp.example.com"]).called("second"));
    eventually("the second certificate", SOON, || {
        shown(proxy.address(), "mcp.example.com", &[]).ends_with("CN = second")
    });
    proxy.signal(rustix::process::Signal::HUP);
    eventually("the reload", SOON, || {
        proxy.output().contains("configuration reloaded")
    });
    check("-sess_in", "Reused");
}

#[test]
fn no_request_fails_while_certificates_change() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["mcp.example.com"]).called("number 0"));
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &pair(scratch.path(), "server"), "");
    // A connection, and with it a handshake, for each request.
    let mut load = peers().command("wrk");
    load.args([
        "-t1",
        "-c4",
        "-d7s",
        "--timeout",
        "10s",
        "-H",
        "Connection: close",
    ]);
    load.arg(format!("https://{}/mcp", proxy.address()));
    let load = load.stdout(Stdio::piped()).spawn().expect("wrk runs");
    let end = Instant::now() + Duration::from_secs(6);
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        let leaf = Leaf::of(&["mcp.example.com"]).called("another");
        authority.issue("server", &leaf.days_left(number));
        std::thread::sleep(Duration::from_millis(400));
    }
    let report = text(&load.wait_with_output().expect("it ends"));
    let failures = ["Socket errors", "Non-2xx"];
    assert!(
        !failures.iter().any(|failure| report.contains(failure)),
        "{report}"
    );
    let line = report
        .lines()
        .find(|line| line.contains(" requests in "))
        .unwrap_or_default();
    let count = line
        .split_whitespace()
        .next()
        .and_then(|count| count.parse::<u64>().ok());
    assert!(count > Some(50), "{report}");
    assert!(
        proxy.output().matches("certificates read again").count() >= 2,
        "{}",
        proxy.output()
    );
}

#[test]
fn little_life_left_is_said_and_counted() {
    let scratch = Scratch::new();
    let authority = Authority::new(&scratch);
    authority.issue("server", &Leaf::of(&["mcp.example.com"]).days_left(20));
    let upstream = echo();
    let proxy = serve(&upstream.url("/mcp"), &pair(scratch.path(), "server"), "");
    eventually("the warning", SOON, || {
        proxy.output().contains("the certificate expires soon")
    });
    assert!(proxy.output().contains("days=20"), "{}", proxy.output());
    let days = || {
        let text = metrics(&proxy);
        let line = text
            .lines()
            .find(|line| line.starts_with("propylon_tls_certificate_days_left{"));
        line.and_then(|line| line.rsplit(' ').next())
            .map(str::to_owned)
    };
    assert_eq!(days().as_deref(), Some("20"));
    authority.issue("server", &Leaf::of(&["mcp.example.com"]).days_left(22));
    eventually("the new life", SOON, || days().as_deref() == Some("22"));
    assert_eq!(
        proxy
            .output()
            .matches("the certificate expires soon")
            .count(),
        1
    );
}
