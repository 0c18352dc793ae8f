//! A real DNS server on loopback whose names the test gives and takes away.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch, eventually, free_address};
use rustix::process::Signal;

use crate::real::servers::peers;

const HOSTS: &str = "hosts";

/// dnsmasq, asked over UDP and TCP. Every answer it finds may be used for a second, unless `lasting`.
pub(crate) struct Dns {
    address: SocketAddr,
    scratch: Scratch,
    process: Guarded,
}

impl Dns {
    /// Starts it with the names of `hosts`, each line as in `/etc/hosts`, and with more options.
    pub(crate) fn start(hosts: &[&str], options: &[&str]) -> Self {
        let (address, scratch) = (free_address(), Scratch::new());
        scratch.write(HOSTS, &lines(hosts));
        let process = run(address, &scratch, options);
        Self {
            address,
            scratch,
            process,
        }
    }

    /// Starts it as the authority of `it.test`: what there is and what there is not holds for ten minutes.
    pub(super) fn lasting(hosts: &[&str]) -> Self {
        Self::start(
            hosts,
            &[
                "--auth-server=ns.test,127.0.0.1",
                "--auth-zone=it.test",
                "--auth-ttl=600",
            ],
        )
    }

    /// The key of the configuration that makes the proxy ask here.
    pub(super) fn key(&self) -> String {
        format!("resolver: {{ servers: [\"{}\"] }}", self.address)
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Knows these names from now on and no others.
    pub(crate) fn publish(&self, hosts: &[&str]) {
        self.scratch.write(HOSTS, &lines(hosts));
        self.process.signal(Signal::HUP);
    }

    /// Ends it: nobody answers at its address.
    pub(crate) fn stop(&mut self) {
        self.process.kill();
    }

    /// Starts it again at the same address.
    pub(super) fn restart(&mut self, hosts: &[&str], options: &[&str]) {
        self.stop();
        self.scratch.write(HOSTS, &lines(hosts));
        self.process = run(self.address, &self.scratch, options);
    }
}

fn lines(hosts: &[&str]) -> String {
    hosts.iter().map(|line| format!("{line}\n")).collect()
}

fn run(address: SocketAddr, scratch: &Scratch, options: &[&str]) -> Guarded {
    let mut command = peers().command("dnsmasq");
    command
        .args(["--no-daemon", "--conf-file=/dev/null", "--pid-file="])
        .args(["--no-resolv", "--no-hosts", "--bind-interfaces"])
        .args(["--local=/test/", "--local-ttl=1"])
        .arg(format!("--listen-address={}", address.ip()))
        .arg(format!("--port={}", address.port()))
        .arg(format!(
            "--addn-hosts={}",
            scratch.path().join(HOSTS).display()
        ))
        .args(options);
    let process = Guarded::start(command);
    eventually("dnsmasq to listen", Duration::from_secs(10), || {
        let said = process.output().text();
        assert!(!said.contains("failed to create"), "{said}");
        TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
    });
    process
}
