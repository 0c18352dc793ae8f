//! Ports that answer nobody: one that refuses, one that swallows.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::Socket;

use super::claim;

/// A loopback port that is taken and refuses every connection for as long as the socket lives.
pub fn refusing() -> (SocketAddr, Socket) {
    let (socket, address) = claim((Ipv4Addr::LOCALHOST, 0).into());
    (address, socket)
}

/// A loopback address whose connections are never established: its backlog is full and nobody accepts. Holds for as
/// long as the guard lives.
///
/// # Panics
/// When the backlog cannot be filled.
pub fn blackhole() -> (SocketAddr, Blackhole) {
    swallow((Ipv4Addr::LOCALHOST, 0).into())
}

pub(super) fn swallow(address: SocketAddr) -> (SocketAddr, Blackhole) {
    let (socket, address) = claim(address);
    socket
        .listen(0)
        .expect("the claimed port can be listened on");
    let mut waiting = Vec::new();
    for _ in 0..8 {
        match TcpStream::connect_timeout(&address, Duration::from_millis(150)) {
            Ok(stream) => waiting.push(stream),
            Err(_) => {
                return (
                    address,
                    Blackhole {
                        _socket: socket,
                        _waiting: waiting,
                    },
                );
            }
        }
    }
    panic!("eight connections fit into a backlog of zero");
}

/// Keeps a [`blackhole`] closed.
pub struct Blackhole {
    _socket: Socket,
    _waiting: Vec<TcpStream>,
}
