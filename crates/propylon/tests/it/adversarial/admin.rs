//! What an operator relies on while something else goes wrong.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;
use std::thread;
use std::time::Duration;

use propylon_testkit::{Answer, RawClient, Upstream, eventually};
use rustix::process::Signal;

use super::SOON;
use crate::front::{get, metric, serve_one, serve_with};

/// As many as the admin listener serves at a time.
const CONNECTIONS: usize = 64;

#[test]
fn scrapers_that_never_read_do_not_keep_the_probes_out() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], ""));
    let proxy = serve_one(&upstream);
    let mut stuck: Vec<_> = (0..CONNECTIONS)
        .map(|_| TcpStream::connect(proxy.admin()).expect("a connection"))
        .collect();
    let many = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n".repeat(200);
    for stream in &stuck {
        stream.set_nonblocking(true).expect("a socket");
    }
    for _ in 0..30 {
        for stream in &mut stuck {
            // What does not fit is not needed.
            let _ = stream.write(many.as_bytes());
        }
        thread::sleep(Duration::from_millis(30));
    }
    eventually("a probe to be answered", Duration::from_secs(20), || {
        let stream = TcpStream::connect_timeout(&proxy.admin(), SOON);
        stream.is_ok() && get(proxy.admin(), "/livez").0.status == 200
    });
    proxy.stop();
}

#[test]
fn lines_that_a_full_disk_loses_are_counted() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], ""));
    let proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &["log: { access: /dev/full }"],
    );
    for _ in 0..3 {
        assert_eq!(get(proxy.address(), "/mcp").0.status, 200);
    }
    eventually("the lines to be counted", SOON, || {
        metric(&proxy, "propylon_log_lines_dropped_total", &[]) >= 3.0
    });
    proxy.stop();
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_the_proxy_from_ending() {
    let upstream = Upstream::start(|_| Answer::sized(200, &[], ""));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let fifo = format!("/proc/{}/fd/{}", std::process::id(), writer.as_raw_fd());
    let mut proxy = serve_with(
        &[upstream.url("/mcp")],
        &[],
        &[&format!("log: {{ access: {fifo} }}")],
    );
    let mut client = RawClient::connect(proxy.address());
    let many = "GET /mcp HTTP/1.1\r\nHost: h\r\n\r\n".repeat(50);
    // More than the pipe and all the buffers behind it hold.
    for _ in 0..300 {
        client.send(&many);
        for _ in 0..50 {
            assert_eq!(client.read().0.status, 200);
        }
    }
    proxy.signal(Signal::TERM);
    let ended = proxy.wait(Duration::from_secs(10));
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    drop((reader, writer));
}
