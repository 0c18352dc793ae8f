//! Balancers in front that tell of the client in the PROXY protocol: HAProxy and nginx for real, and headers down to the byte.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{
    Answer, Guarded, Launch, Propylon, RawClient, Scratch, Upstream, eventually, free_address,
};

use crate::front::{BINARY, metric};
use crate::real::servers::peers;
use crate::tls::{Authority, Leaf, pair, text};

const SOON: Duration = Duration::from_secs(10);

/// Serves `/mcp` from one upstream to whoever these balancers tell of; `root` holds more keys.
fn serve(upstream: &Upstream, balancers: &str, root: &str) -> Propylon {
    let url = upstream.url("/mcp");
    Launch::new(BINARY).config(&format!(
        "listeners: [{{ address: \"{{listen}}\", proxy_protocol: [{balancers}] }}]\nadmin: {{ address: \"{{admin}}\" }}\n\
         routes: [{{ path: /mcp, upstream: it }}]\nupstreams: {{ it: {{ url: \"{url}\" }} }}\n{root}\n"
    ))
}

fn echo() -> Upstream {
    Upstream::start(|_| Answer::sized(200, &[], "ok"))
}

fn started(command: Command, address: SocketAddr) -> Guarded {
    let process = Guarded::start(command);
    eventually("the balancer listens", SOON, || {
        TcpStream::connect(address).is_ok()
    });
    process
}

/// HAProxy in TCP mode; `bind` is this address, with more words where it ends TLS itself.
fn haproxy(
    scratch: &Scratch,
    address: SocketAddr,
    bind: &str,
    to: SocketAddr,
    send: &str,
) -> Guarded {
    let text = format!(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n\
         listen it\n  bind {address} {bind}\n  server it {to} {send}\n"
    );
    let mut command = peers().command("haproxy");
    command
        .arg("-db")
        .arg("-f")
        .arg(scratch.write("haproxy.cfg", &text));
    started(command, address)
}

/// nginx on this address, as a stream.
fn nginx(scratch: &Scratch, address: SocketAddr, to: SocketAddr) -> Guarded {
    let folder = scratch.path().display();
    let text = format!(
        "daemon off; pid {folder}/nginx.pid; error_log stderr;\nevents {{}}\n\
         stream {{ server {{ listen {address}; proxy_pass {to}; proxy_protocol on; }} }}\n"
    );
    let mut command = peers().command("nginx");
    command.arg("-p").arg(scratch.path());
    command.arg("-c").arg(scratch.write("nginx.conf", &text));
    started(command, address)
}

/// A request from 127.0.0.7: an address that no end of the proxy's own connection has.
fn ask_from_elsewhere(origin: &str) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "20"])
        .args(["--interface", "127.0.0.7"])
        .args(["--header", "X-Forwarded-For: 203.0.113.1", "--data", "{}"])
        .arg("--insecure")
        .arg(format!("{origin}/mcp"))
        .output()
        .expect("curl runs");
    text(&output)
}

#[test]
fn the_client_that_a_real_balancer_tells_of_is_the_client() {
    let upstream = echo();
    let mut ports = Vec::new();
    let proxy = serve(&upstream, "127.0.0.1", "");
    for (number, kind) in ["send-proxy", "send-proxy-v2", "nginx"]
        .into_iter()
        .enumerate()
    {
        let scratch = Scratch::new();
        let address = free_address();
        ports.push(address.port());
        let _balancer = match kind {
            "nginx" => nginx(&scratch, address, proxy.address()),
            send => haproxy(&scratch, address, "", proxy.address(), send),
        };
        let said = ask_from_elsewhere(&format!("http://{address}"));
        assert!(said.contains("HTTP/1.1 200"), "{kind}: {said}");
        let seen = upstream.wait_for(number + 1, SOON).remove(number);
        assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.7"), "{kind}");
        let port = ports[number].to_string();
        assert_eq!(
            seen.header("x-forwarded-port"),
            Some(port.as_str()),
            "{kind}"
        );
        let forwarded = seen.header("forwarded").unwrap_or_default();
        assert!(
            forwarded.starts_with("for=127.0.0.7;"),
            "{kind}: {forwarded}"
        );
        let logged = || {
            proxy
                .access_log()
                .into_iter()
                .filter(|line| line["client"] == "127.0.0.7")
        };
        eventually("the client in the log", SOON, || {
            logged().count() == number + 1
        });
    }
}

#[test]
fn tls_is_told_of_where_the_balancer_ends_it_and_follows_where_it_passes() {
    let scratch = Scratch::new();
    Authority::new(&scratch).issue("server", &Leaf::of(&["127.0.0.1"]));
    let folder = scratch.path().display();
    let read =
        |name: &str| std::fs::read_to_string(scratch.path().join(name)).expect("it is there");
    scratch.write("both.pem", &(read("server.pem") + &read("server.key")));
    let upstream = echo();
    let (plain, secure) = (free_address(), free_address());
    let (pair, url) = (pair(scratch.path(), "server"), upstream.url("/mcp"));
    let proxy = Launch::new(BINARY).config(&format!(
        "listeners:\n  - {{ address: \"{{listen}}\" }}\n  - {{ address: \"{plain}\", proxy_protocol: [127.0.0.1] }}\n\
         \x20 - {{ address: \"{secure}\", proxy_protocol: [127.0.0.1], tls: {{ {pair} }} }}\nadmin: {{ address: \"{{admin}}\" }}\n\
         routes: [{{ path: /mcp, upstream: it }}]\nupstreams: {{ it: {{ url: \"{url}\" }} }}\n"
    ));
    let ends_it = format!("ssl crt {folder}/both.pem");
    for (number, (bind, to, send)) in [
        (&*ends_it, plain, "send-proxy-v2-ssl"),
        ("", secure, "send-proxy-v2"),
        ("", secure, "send-proxy"),
    ]
    .into_iter()
    .enumerate()
    {
        let (scratch, address) = (Scratch::new(), free_address());
        let _balancer = haproxy(&scratch, address, bind, to, send);
        let said = ask_from_elsewhere(&format!("https://{address}"));
        assert!(said.contains(" 200"), "{send}: {said}{}", proxy.output());
        let seen = upstream.wait_for(number + 1, SOON).remove(number);
        assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.7"), "{send}");
        assert_eq!(seen.header("x-forwarded-proto"), Some("https"), "{send}");
    }
}

#[test]
fn limits_hold_for_the_client_that_is_told_of() {
    let upstream = Upstream::start(|_| Answer::stream_head(&[]).wait(SOON));
    let proxy = serve(&upstream, "127.0.0.1", "limits: { streams_per_client: 1 }");
    let open = |client: &str| {
        let mut stream = RawClient::connect(proxy.address());
        let answer = stream
            .send(format!("PROXY TCP4 {client} 198.51.100.1 5000 443\r\n"))
            .send("GET /mcp HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
            .read_head()
            .expect("an answer");
        (answer.status, stream)
    };
    let (first, _kept) = open("192.0.2.1");
    let (second, _refused) = open("192.0.2.1");
    let (other, _other) = open("192.0.2.2");
    assert_eq!((first, second, other), (200, 503, 200));
}

/// What is read after these bytes until the proxy closes; it must do so by itself.
fn answered(proxy: &Propylon, from: &str, bytes: &[u8]) -> String {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket can be made");
    let from: SocketAddr = format!("{from}:0").parse().expect("an address");
    socket.bind(&from.into()).expect("loopback has it");
    socket.connect(&proxy.address().into()).expect("it listens");
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(SOON)).expect("it can be set");
    // It may have been closed before everything is written.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("it stays open"),
        _ => String::from_utf8_lossy(&answer).into_owned(),
    }
}

#[test]
fn strangers_and_broken_headers_are_closed_without_a_word() {
    const REQUEST: &str = "GET /mcp HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let upstream = echo();
    let proxy = serve(
        &upstream,
        "127.0.0.0/30",
        "timeouts: { header_read: 700ms }",
    );
    let v1 = "PROXY TCP4 192.0.2.1 198.51.100.1 5000 443\r\n";
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let long = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
    for (what, from, header, is_served) in [
        ("a balancer", "127.0.0.1", v1.as_bytes(), true),
        ("another one", "127.0.0.2", v1.as_bytes(), true),
        ("its own check", "127.0.0.1", local, true),
        ("a stranger", "127.0.0.5", v1.as_bytes(), false),
        ("no header", "127.0.0.1", b"", false),
        (
            "a broken one",
            "127.0.0.1",
            b"PROXY TCP4 192.0.2.1\r\n",
            false,
        ),
        ("one too long", "127.0.0.1", long, false),
    ] {
        let answer = answered(&proxy, from, &[header, REQUEST.as_bytes()].concat());
        assert_eq!(
            answer.starts_with("HTTP/1.1 200"),
            is_served,
            "{what}: {answer}"
        );
        assert!(is_served || answer.is_empty(), "{what}: {answer}");
    }
    // Half a header is waited for no longer than a request's head.
    assert_eq!(answered(&proxy, "127.0.0.1", b"PROXY TCP4 192.0.2.1"), "");
    assert_eq!(upstream.exchanges().len(), 3);
    let counted = |result| metric(&proxy, "propylon_proxy_protocol_headers_total", &[result]);
    assert!(
        (counted("taken"), counted("refused")) == (3.0, 5.0),
        "{}",
        proxy.output()
    );
    let output = proxy.output();
    for cause in [
        "none of the balancers",
        "does not say who connected",
        "longer than 4096",
        "within `timeouts.header_read`",
    ] {
        assert!(output.contains(cause), "{cause}: {output}");
    }
    let own = proxy
        .access_log()
        .into_iter()
        .filter(|line| line["client"] == "127.0.0.1");
    assert_eq!(own.count(), 1, "{output}");
}
