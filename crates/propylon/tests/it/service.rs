//! Under a service manager: sockets that it passes, what it is told, and the unit files that it reads.

use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use propylon_testkit::{Answer, Guarded, RawClient, Scratch, Upstream, eventually, free_address};
use rustix::process::Signal;

use crate::front::{BINARY, get};
use crate::real::servers::{peers, workspace};

const SOON: Duration = Duration::from_secs(20);

/// The service manager's ear.
struct Ear(UnixDatagram);

impl Ear {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("a socket in the test's own folder");
        socket.set_read_timeout(Some(SOON)).expect("it can be set");
        Self(socket)
    }

    /// The next thing that is said.
    fn hears(&self) -> String {
        let mut bytes = [0; 512];
        let count = self.0.recv(&mut bytes).expect("something is said in time");
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    }
}

fn description(scratch: &Scratch, listeners: &[String], upstream: &Upstream) -> PathBuf {
    let listeners: Vec<_> = listeners
        .iter()
        .map(|address| format!("{{ address: \"{address}\" }}"))
        .collect();
    scratch.write(
        "propylon.yaml",
        &format!(
            "listeners: [{}]\nadmin: off\nroutes: [{{ path: /mcp, upstream: it }}]\nupstreams: {{ it: {{ url: \"{}\" }} }}\n",
            listeners.join(", "),
            upstream.url("/mcp")
        ),
    )
}

/// systemd's own opener of sockets, which starts the program with the first connection.
fn activate(address: &str, notify: &Path, file: &Path) -> Command {
    let mut command = peers().command("systemd-activate");
    command
        .args(["--listen", address])
        .arg(format!("--setenv=NOTIFY_SOCKET={}", notify.display()))
        .args([BINARY, "serve", "-c"])
        .arg(file);
    command
}

#[test]
fn a_socket_that_is_passed_is_served_and_the_manager_is_told() {
    let (scratch, upstream) = (
        Scratch::new(),
        Upstream::start(|_| Answer::sized(200, &[], "ok")),
    );
    let (passed, own) = (free_address(), free_address());
    let file = description(&scratch, &[passed.to_string(), own.to_string()], &upstream);
    let notify = scratch.path().join("notify");
    let ear = Ear::at(&notify);
    let mut process = Guarded::start(activate(&passed.to_string(), &notify, &file));
    eventually("the socket", SOON, || {
        process.output().text().contains("Listening on")
    });
    // The request is sent before there is a propylon: it waits in the socket.
    assert_eq!(
        get(passed, "/mcp").0.status,
        200,
        "{}",
        process.output().text()
    );
    assert_eq!(ear.hears(), "READY=1\n");
    assert_eq!(get(own, "/mcp").0.status, 200);

    process.signal(Signal::HUP);
    let reloading = ear.hears();
    assert!(
        reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{reloading}"
    );
    assert_eq!(ear.hears(), "READY=1\n");
    assert_eq!(get(passed, "/mcp").0.status, 200);

    process.signal(Signal::TERM);
    assert_eq!(ear.hears(), "STOPPING=1\n");
    let status = process.wait(SOON).expect("it ends");
    assert!(status.success(), "{}", process.output().text());
}

/// A process that is passed this socket, as a service manager that keeps it would start it.
fn life(socket: &TcpListener, notify: &Path, file: &Path) -> Guarded {
    rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::empty()).expect("it can be passed on");
    let mut command = Command::new("bash");
    command
        .args([
            "-c",
            "export LISTEN_PID=$$; exec \"$@\" 3<&\"$PASSED\"",
            "manager",
        ])
        .args([BINARY, "serve", "-c"])
        .arg(file)
        .env("PASSED", socket.as_raw_fd().to_string())
        .env("LISTEN_FDS", "1")
        .env("NOTIFY_SOCKET", notify);
    Guarded::start(command)
}

#[test]
fn clients_wait_in_a_socket_that_outlives_the_process() {
    let (scratch, upstream) = (
        Scratch::new(),
        Upstream::start(|_| Answer::sized(200, &[], "ok")),
    );
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it has one");
    let file = description(&scratch, &[address.to_string()], &upstream);
    let notify = scratch.path().join("notify");
    let ear = Ear::at(&notify);
    let mut first = life(&socket, &notify, &file);
    assert_eq!(ear.hears(), "READY=1\n", "{}", first.output().text());
    assert_eq!(get(address, "/mcp").0.status, 200);
    first.signal(Signal::TERM);
    assert_eq!(ear.hears(), "STOPPING=1\n");
    assert!(first.wait(SOON).expect("it ends").success());

    let mut client = RawClient::connect(address);
    client.send("GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n");
    let second = life(&socket, &notify, &file);
    assert_eq!(client.read().0.status, 200, "{}", second.output().text());
}

#[test]
fn a_socket_that_no_listener_is_for_is_named() {
    let (scratch, upstream) = (
        Scratch::new(),
        Upstream::start(|_| Answer::sized(200, &[], "ok")),
    );
    let passed = free_address();
    let file = description(&scratch, &[free_address().to_string()], &upstream);
    let notify = scratch.path().join("notify");
    let _ear = Ear::at(&notify);
    let mut process = Guarded::start(activate(&passed.to_string(), &notify, &file));
    eventually("the socket", SOON, || {
        process.output().text().contains("Listening on")
    });
    let _client = std::net::TcpStream::connect(passed).expect("somebody listens");
    let status = process.wait(SOON).expect("it ends");
    let said = process.output().text();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(
        said.contains(&format!(
            "passed a socket on {passed}, which is the address of no listener"
        )),
        "{said}"
    );
}

/// The unit files, with the built program in place of the installed one.
fn units(scratch: &Scratch) -> Vec<PathBuf> {
    let folder = workspace().join("deploy/systemd");
    ["propylon.service", "propylon.socket"]
        .map(|name| {
            let text = std::fs::read_to_string(folder.join(name)).expect("it is there");
            scratch.write(name, &text.replace("/usr/local/bin/propylon", BINARY))
        })
        .to_vec()
}

#[test]
fn the_unit_files_are_good_and_leave_little_exposed() {
    let scratch = Scratch::new();
    let units = units(&scratch);
    let analyze = |args: &[&str], files: &[PathBuf]| {
        let mut command = peers().command("systemd-analyze");
        let output = command.args(args).args(files).output().expect("it runs");
        let text = crate::tls::text(&output);
        assert!(output.status.success(), "{args:?}: {text}");
        text
    };
    let said = analyze(&["verify", "--man=no"], &units);
    assert_eq!(said, "");
    // From 0 to 100, where an unhardened unit has 96.
    analyze(
        &["security", "--offline=yes", "--threshold=20"],
        &units[..1],
    );
}
