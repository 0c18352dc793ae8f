//! Diagnosis in passing: real servers refuse what was done to a request, and the proxy says what it was, once, and passes
//! the answer on untouched.

use std::process::Command;
use std::time::Duration;

use propylon_practices::PRACTICES;
use propylon_proxy::SIGNS;
use propylon_testkit::{
    Answer, Body, Guarded, Propylon, RawClient, Response, Scratch, Upstream, eventually,
    free_address, post_json, rpc,
};
use serde_json::{Value, json};

use crate::front::{metric, serve, serve_one};
use crate::real::servers::{Kind, group, peers};

#[test]
fn every_sign_names_a_practice() {
    for sign in SIGNS {
        let known = PRACTICES
            .iter()
            .any(|practice| practice.id == sign.practice);
        assert!(known, "{}: {}", sign.id, sign.practice);
    }
}

/// A request that its server refuses, sent twice through the proxy and once without: the answer is the server's own, and
/// the sign is named on both lines, counted twice, and explained once.
fn check(server: &str, sign: &str, ask: impl Fn(std::net::SocketAddr) -> (Response, Body)) {
    let proxy = serve(&[server.to_owned()]);
    check_with(&proxy, server, sign, ask);
    proxy.stop();
}

fn check_with(
    proxy: &Propylon,
    server: &str,
    sign: &str,
    ask: impl Fn(std::net::SocketAddr) -> (Response, Body),
) {
    let row = SIGNS.iter().find(|row| row.id == sign).expect(sign);
    let (origin, _) = server["http://".len()..].split_once('/').expect("a path");
    let direct = ask(origin.parse().expect("an address"));
    for _ in 0..2 {
        let through = ask(proxy.address());
        assert_eq!(through.0.status, direct.0.status, "{sign}");
        assert_eq!(through.1.text(), direct.1.text(), "{sign}");
    }
    let labels = [
        format!("sign=\"{sign}\""),
        format!("practice=\"{}\"", row.practice),
    ];
    let labels = labels.each_ref().map(String::as_str);
    eventually(
        &format!("{sign} to be counted"),
        Duration::from_secs(5),
        || metric(proxy, "propylon_diagnosed_total", &labels) as usize == 2,
    );
    assert_eq!(
        metric(proxy, "propylon_diagnosed_total", &[]) as usize,
        2,
        "and nothing else"
    );
    eventually("both lines", Duration::from_secs(5), || {
        let log = proxy.access_log();
        let named = |line: &&Value| line["sign"] == sign && line["practice"] == row.practice;
        log.iter().filter(named).count() == 2
    });
    let explained = proxy.output().matches(row.words).count();
    assert_eq!(explained, 1, "{sign}:\n{}", proxy.output());
}

fn list() -> Value {
    rpc(1, "tools/list", &json!({}))
}

fn post(lines: &'static [&'static str]) -> impl Fn(std::net::SocketAddr) -> (Response, Body) {
    move |address| post_json(address, "/mcp", lines, &list())
}

/// A POST with a `Host` and an `Accept` of the caller's.
fn odd(host: &str, accept: &str) -> impl Fn(std::net::SocketAddr) -> (Response, Body) {
    let head = format!("POST /mcp HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n");
    move |address| {
        let body = list().to_string();
        let length = body.len();
        let lines = "Content-Type: application/json";
        RawClient::connect(address)
            .send(format!(
                "{head}{lines}\r\nContent-Length: {length}\r\n\r\n{body}"
            ))
            .read()
    }
}

/// A call with an argument of that many bytes.
fn big(bytes: usize) -> impl Fn(std::net::SocketAddr) -> (Response, Body) {
    let call = rpc(
        1,
        "tools/call",
        &json!({ "name": "echo", "arguments": { "message": "x".repeat(bytes) } }),
    );
    move |address| post_json(address, "/mcp", &[], &call)
}

#[test]
fn the_python_sdk_refuses() {
    let server = group(Kind::PythonSdk).direct();
    let both = "application/json, text/event-stream";
    check(&server, "host-misdirected", odd("mcp.example.com", both));
    check(&server, "session-lost-in-front", post(&[]));
    check(&server, "body-too-large", big(5 << 20));
    let missing = format!("{}/elsewhere", server.trim_end_matches("/mcp"));
    let proxy = serve(std::slice::from_ref(&missing));
    check_with(&proxy, &missing, "endpoint-not-found", |address| {
        let path = if address == proxy.address() {
            "/mcp"
        } else {
            "/elsewhere"
        };
        post_json(address, path, &[], &list())
    });
    proxy.stop();
}

#[test]
fn a_host_of_the_servers_own_cures_it() {
    let server = group(Kind::PythonSdk).direct();
    let proxy = crate::front::serve_with(&[server], &["host: upstream"], &[]);
    let both = "application/json, text/event-stream";
    let (answer, _) = odd("mcp.example.com", both)(proxy.address());
    assert_eq!(answer.status, 400, "it asks for a session now");
    assert_eq!(
        metric(&proxy, "propylon_diagnosed_total", &["host"]) as usize,
        0
    );
    proxy.stop();
}

#[test]
fn the_typescript_sdk_refuses() {
    let server = group(Kind::Everything).direct();
    let host = server["http://".len()..]
        .trim_end_matches("/mcp")
        .to_owned();
    check(
        &server,
        "accept-lost-in-front",
        odd(&host, "application/json"),
    );
    check(&server, "session-lost-in-front", post(&[]));
    check(
        &server,
        "session-unknown",
        post(&["Mcp-Session-Id: of-yesterday"]),
    );
    let long: &'static str = format!("X-Long: {}", "x".repeat(20_000)).leak();
    check(&server, "head-too-large", post(vec![long].leak()));
}

#[test]
fn the_rust_sdk_refuses_a_host() {
    let server = group(Kind::Rmcp).direct();
    let both = "application/json, text/event-stream";
    check(&server, "host-forbidden", odd("mcp.example.com", both));
}

#[test]
fn starlette_redirects_to_its_slash() {
    let server = group(Kind::FastMcp).direct();
    // Written with a slash that FastMCP does not have; once it has said so, it is asked without.
    let proxy = serve(&[format!("{server}/")]);
    let (answer, _) = post_json(proxy.address(), "/mcp", &[], &list());
    assert_eq!(answer.status, 307);
    let line = proxy.logged(|line| line["sign"] == "redirect-to-slash");
    assert_eq!(line["practice"], "redirect-drops-body");
    let (answer, _) = post_json(proxy.address(), "/mcp", &[], &list());
    assert_eq!(answer.status, 400, "it asks for a session now");
    assert_eq!(
        metric(&proxy, "propylon_diagnosed_total", &["redirect-to-slash"]) as usize,
        1
    );
    assert!(
        proxy.output().contains("setting=\"upstreams.<name>.url\""),
        "{}",
        proxy.output()
    );
    proxy.stop();
}

/// nginx in front of a server, with these lines in its one server block.
fn nginx(server: &str, lines: &str) -> (Guarded, Scratch, String) {
    let (address, scratch) = (free_address(), Scratch::new());
    let folder = scratch.path().display();
    let text = format!(
        "daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n\
         http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n\
         server {{ listen {address}; {lines} location /mcp {{ proxy_pass {server}; }} }} }}\n"
    );
    let file = scratch.write("nginx.conf", &text);
    let mut command: Command = peers().command("nginx");
    command.arg("-p").arg(scratch.path()).arg("-c").arg(file);
    let process = Guarded::start(command);
    eventually("nginx to listen", Duration::from_secs(10), || {
        std::net::TcpStream::connect(address).is_ok()
    });
    (process, scratch, format!("http://{address}/mcp"))
}

#[test]
fn nginx_before_the_server_refuses() {
    let server = group(Kind::PythonSdk).direct();
    let (_small, _folder, front) = nginx(&server, "large_client_header_buffers 2 1k;");
    check(&front, "body-too-large", big(2 << 20));
    let long: &'static str = format!("X-Long: {}", "x".repeat(8_000)).leak();
    check(&front, "head-too-large-400", post(vec![long].leak()));

    let accept = "proxy_set_header Accept application/json;";
    let (_rewriting, _folder, front) = nginx(&server, accept);
    let both = "application/json, text/event-stream";
    let known = front["http://".len()..].trim_end_matches("/mcp").to_owned();
    check(&front, "accept-lost-behind", odd(&known, both));

    let page = "location = /mcp { default_type text/html; return 200 '<html>hello</html>'; }";
    let (_page, _folder, front) = nginx(&server, page);
    check(&front, "page-for-response", post(&[]));
    let nothing = "location = /mcp { return 200; }";
    let (_nothing, _folder, front) = nginx(&server, nothing);
    check(&front, "nothing-for-response", post(&[]));
}

#[test]
fn what_a_server_may_say_is_no_sign() {
    let upstream = Upstream::start(|exchange| {
        let error =
            json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32001, "message": "no" } });
        let status = exchange
            .header("x-status")
            .and_then(|status| status.parse().ok());
        Answer::json(status.unwrap_or(200), &error)
    });
    let proxy = serve_one(&upstream);
    for status in [
        "X-Status: 404",
        "X-Status: 403",
        "X-Status: 400",
        "X-Status: 401",
        "X-Status: 500",
    ] {
        post_json(proxy.address(), "/mcp", &[status], &list());
    }
    assert_eq!(metric(&proxy, "propylon_diagnosed_total", &[]) as usize, 0);
    proxy.stop();
}

/// Signs that no server at hand gives: the words are those of the specification and of other SDKs.
#[test]
fn scripted_servers_refuse() {
    for (lines, status, said, sign) in [
        (
            &["MCP-Protocol-Version: 2025-06-18"][..],
            400,
            "Missing MCP-Protocol-Version header",
            "version-lost-behind",
        ),
        (
            &[],
            400,
            "MCP-Protocol-Version header is required",
            "version-lost-in-front",
        ),
        (
            &["Mcp-Session-Id: a"],
            400,
            "Mcp-Session-Id header is required",
            "session-lost-behind",
        ),
        (
            &["MCP-Protocol-Version: 2027-01-01", "Mcp-Method: tools/list"],
            400,
            "Header mismatch: Mcp-Param-Region",
            "params-lost",
        ),
        (
            &["MCP-Protocol-Version: 2027-01-01", "Mcp-Method: tools/list"],
            400,
            "mcp-method header does not match",
            "names-lost",
        ),
    ] {
        let said =
            json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32020, "message": said } });
        let upstream = Upstream::start(move |_| Answer::json(status, &said));
        let lines: &'static [&'static str] = lines;
        let proxy = crate::front::serve_with(&[upstream.url("/mcp")], &["mirror: observe"], &[]);
        check_with(&proxy, &upstream.url("/mcp"), sign, post(lines));
        proxy.stop();
    }
}
