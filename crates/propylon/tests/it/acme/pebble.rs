//! Pebble, the ACME directory for tests, over TLS of a test authority.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use propylon_testkit::{Guarded, Scratch, eventually, free_address};

use crate::discovery::dns::Dns;
use crate::real::servers::peers;
use crate::tls::{Authority, Leaf, text};

/// A running directory, or one that has been stopped.
pub(super) struct Pebble {
    address: SocketAddr,
    scratch: Scratch,
    ca: PathBuf,
    nonces_refused: u8,
    process: Guarded,
}

impl Pebble {
    /// A directory that looks at `tls` and `http` and issues for `seconds`; so many of a hundred good nonces it refuses.
    pub(super) fn start(
        dns: &Dns,
        tls: SocketAddr,
        http: SocketAddr,
        seconds: u64,
        nonces_refused: u8,
    ) -> Self {
        let (address, scratch) = (free_address(), Scratch::new());
        let authority = Authority::new(&scratch);
        authority.issue("pebble", &Leaf::of(&["127.0.0.1"]));
        let ca = authority.file().clone();
        let folder = scratch.path().display();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": address.to_string(),
            "managementListenAddress": free_address().to_string(),
            "certificate": format!("{folder}/pebble.pem"),
            "privateKey": format!("{folder}/pebble.key"),
            "httpPort": http.port(),
            "tlsPort": tls.port(),
            "certificateValidityPeriod": seconds,
        }});
        scratch.write("pebble.json", &config.to_string());
        let process = run(&scratch, dns, address, nonces_refused);
        Self {
            address,
            scratch,
            ca,
            nonces_refused,
            process,
        }
    }

    pub(super) fn directory(&self) -> String {
        format!("https://{}/dir", self.address)
    }

    /// The root that its own TLS is verified by.
    pub(super) fn ca(&self) -> &Path {
        &self.ca
    }

    pub(super) fn stop(&mut self) {
        self.process.kill();
    }

    /// Another one at the same place, which knows nothing of the one before.
    pub(super) fn restart(&mut self, dns: &Dns) {
        self.stop();
        self.process = run(&self.scratch, dns, self.address, self.nonces_refused);
    }
}

fn run(scratch: &Scratch, dns: &Dns, address: SocketAddr, nonces_refused: u8) -> Guarded {
    let mut command = peers().command("pebble");
    command
        .arg("-config")
        .arg(scratch.path().join("pebble.json"))
        .args(["-strict", "-dnsserver", &dns.address().to_string()])
        .env("PEBBLE_VA_NOSLEEP", "1")
        .env("PEBBLE_AUTHZREUSE", "0")
        .env("PEBBLE_WFE_NONCEREJECT", nonces_refused.to_string());
    let process = Guarded::start(command);
    eventually("pebble listens", Duration::from_secs(10), || {
        std::net::TcpStream::connect(address).is_ok()
    });
    process
}

/// Who has issued the certificate in this PEM text, without its last line.
pub(super) fn issuer(certificate: &str) -> String {
    let mut child = Command::new("openssl")
        .args(["x509", "-noout", "-issuer"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl runs");
    let mut input = child.stdin.take().expect("it is piped");
    // One that finds no certificate reads no more.
    let _ = writeln!(input, "{certificate}-----END CERTIFICATE-----");
    drop(input);
    text(&child.wait_with_output().expect("it ends"))
}
