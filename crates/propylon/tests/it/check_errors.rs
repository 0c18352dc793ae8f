//! `propylon check` where there is nothing to check: one sentence that says what happened and what to try, and exit 2.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output};
use std::time::Duration;

use propylon_testkit::{Answer, Upstream, blackhole, free_address};

use crate::front::BINARY;

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("check").args(args);
    command.output().expect("the binary starts")
}

/// The one line that a check of `args` says; nothing is reported.
fn refused(args: &[&str]) -> String {
    let output = run(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
    assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
    said
}

/// What a check says of a server that answers everything with `answer`.
fn refused_by(answer: impl Fn() -> Answer + Send + Sync + 'static) -> String {
    let upstream = Upstream::start(move |_| answer());
    refused(&[&upstream.url("/mcp")])
}

fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

#[test]
fn a_url_that_is_none() {
    for (url, part) in [
        ("mcp.example.com", "http:// or https://"),
        ("ftp://a/mcp", "neither http nor https"),
        ("http://a:port/mcp", "port"),
        ("https://u:swordfish@a/mcp", "--header"),
    ] {
        let output = run(&[url]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{url}");
        says(&said, &[part]);
    }
}

#[test]
fn nobody_there() {
    let url = format!("http://{}/mcp", free_address());
    says(
        &refused(&[&url]),
        &[&url, "cannot be reached", "is a server listening there?"],
    );
    let unknown = refused(&["http://no-such-host.invalid/mcp"]);
    says(
        &unknown,
        &["no-such-host.invalid", "is the host name right?"],
    );
}

#[test]
fn somebody_who_says_nothing() {
    let (address, _hole) = blackhole();
    let url = format!("http://{address}/mcp");
    says(
        &refused(&[&url, "--timeout", "0.5"]),
        &["cannot be reached", "500ms"],
    );
}

#[test]
fn tls_where_there_is_none_and_the_other_way_round() {
    let url = format!("https://{}/mcp", complaining());
    says(
        &refused(&[&url]),
        &["the TLS handshake with 127.0.0.1 failed", "try http://"],
    );
    // An alert of TLS, as a server sends it that was spoken to in plain HTTP.
    let said = refused_by(|| Answer::raw([21, 3, 1, 0, 2, 2, 80]).close());
    says(&said, &["cannot be reached", "try https://"]);
    let nginx = || {
        Answer::sized(
            400,
            &["Content-Type: text/html"],
            "The plain HTTP request was sent to HTTPS port",
        )
    };
    says(&refused_by(nginx), &["HTTP 400", "try https://"]);
}

/// A server of plain HTTP that answers whatever comes, as most do when TLS does.
fn complaining() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client comes");
        let _ = client.read(&mut [0; 2_048]);
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    address
}

#[test]
fn credentials_are_wanted() {
    let challenge = "Bearer resource_metadata=\"http://a/.well-known/oauth-protected-resource\"";
    let with = move || Answer::sized(401, &[&format!("WWW-Authenticate: {challenge}")], "");
    says(
        &refused_by(with),
        &[
            "answered 401",
            challenge,
            "give them with --header",
            "env:NAME",
        ],
    );
    says(
        &refused_by(|| Answer::sized(401, &[], "")),
        &["answered 401 without the WWW-Authenticate", "--header"],
    );
    let upstream = Upstream::start(|_| Answer::sized(403, &[], ""));
    let said = refused(&[
        &upstream.url("/mcp"),
        "--header",
        "Authorization: Bearer old",
    ]);
    says(&said, &["answered 403", "does not take the credentials"]);
    assert!(!said.contains("old"), "{said}");
}

#[test]
fn something_else_than_mcp() {
    let page = || Answer::sized(200, &["Content-Type: text/html"], "<html>Welcome</html>");
    says(
        &refused_by(page),
        &[
            "no MCP server",
            "HTTP 200 (text/html)",
            "a web page",
            "/mcp",
        ],
    );
    says(
        &refused_by(|| Answer::sized(404, &["Server: nginx"], "")),
        &["HTTP 404", "Server: nginx", "is the path right?"],
    );
    says(
        &refused_by(|| Answer::sized(502, &[], "")),
        &["HTTP 502", "is the server behind it up?"],
    );
    says(
        &refused_by(|| {
            Answer::raw("SSH-2.0-OpenSSH_9\r\n\r\n")
                .wait(Duration::from_millis(50))
                .close()
        }),
        &["the answer is not HTTP", "SSH-2.0"],
    );
}

#[test]
fn a_version_that_is_not_offered_and_an_id_that_is_none() {
    let upstream = Upstream::start(|_| Answer::sized(404, &[], ""));
    let url = upstream.url("/mcp");
    says(&refused(&[&url, "--http2"]), &["does not offer HTTP/2"]);
    says(
        &refused(&[&url, "--select", "sse-bufered"]),
        &["no check called sse-bufered", "propylon list"],
    );
}
