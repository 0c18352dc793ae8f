//! Instances of `propylon probe`, the upstream that reports back, on loopback ports in a row.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::{Captured, Guarded, free_port, within};

/// How long they may take to start on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Running instances, ended when dropped.
pub struct Probe {
    process: Guarded,
    addresses: Vec<SocketAddr>,
}

impl Probe {
    /// Starts `instances` of them with the built binary.
    ///
    /// # Panics
    /// When they do not start; what they wrote is in the message.
    pub fn start(binary: impl AsRef<Path>, token: &str, instances: usize) -> Self {
        let addresses = consecutive(instances);
        let mut command = Command::new(binary.as_ref());
        command
            .args(["probe", "--token", token, "--instances"])
            .arg(instances.to_string());
        command.arg("--listen").arg(addresses[0].to_string());
        let mut process = Guarded::start(command);
        let up = within(PATIENCE, || {
            let ended = process.wait(Duration::ZERO).is_some();
            let all = addresses
                .iter()
                .all(|address| TcpStream::connect(address).is_ok());
            (ended || all).then_some(!ended)
        });
        assert_eq!(
            up,
            Some(true),
            "the probe did not start; it wrote:\n{}",
            process.output().text()
        );
        Self { process, addresses }
    }

    /// Where each instance listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What the instances wrote.
    pub fn output(&self) -> &Captured {
        self.process.output()
    }
}

/// As many loopback addresses with ports in a row.
fn consecutive(instances: usize) -> Vec<SocketAddr> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..100 {
        let first = free_port();
        // The ports between are taken from the allocator too, so that nobody else is given them.
        let ports: Vec<u16> = std::iter::once(first)
            .chain((1..instances).map(|_| free_port()))
            .collect();
        let in_a_row = ports.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        if in_a_row && ports.iter().all(free) {
            return ports
                .into_iter()
                .map(|port| (Ipv4Addr::LOCALHOST, port).into())
                .collect();
        }
    }
    panic!("no {instances} free ports in a row");
}
