//! Listening sockets, one per worker for the same address.

mod inherited;

pub use inherited::{InheritError, Inherited};

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

const BACKLOG: i32 = 4096;
const PROBE_AFTER: Duration = Duration::from_secs(60);
const PROBE_INTERVAL: Duration = Duration::from_secs(15);
const PROBES: u32 = 4;

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {cause}{}", advice(cause))]
pub struct ListenError {
    /// The address asked for.
    pub address: SocketAddr,
    /// What the system answered.
    #[source]
    pub cause: io::Error,
}

fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program listens there: end it, or choose another port"
        }
        io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need the right to bind them",
        _ => "",
    }
}

/// Binds `count` listeners to `address`, between which the kernel spreads connections
/// (`SO_REUSEPORT`). With port 0 all of them share the port the first one was given.
///
/// Another program on the port is an error, even one that would share it.
///
/// # Errors
/// When the address is in use, not of this machine, or not permitted.
pub fn bind(address: SocketAddr, count: usize) -> Result<Vec<TcpListener>, ListenError> {
    let fail = |cause| ListenError { address, cause };
    ensure_free(address).map_err(fail)?;
    let mut bound = address;
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count {
        let listener = open(bound, true).map_err(fail)?;
        bound = listener.local_addr().map_err(fail)?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// `SO_REUSEPORT` would let us join a port that another process of the same user serves with it,
/// and each would get a share of the other's clients.
fn ensure_free(address: SocketAddr) -> io::Result<()> {
    if address.port() == 0 {
        return Ok(());
    }
    open(address, false).map(drop)
}

/// Sets up an accepted connection: events leave at once, and a peer that vanished without a word is
/// noticed within about two minutes.
///
/// # Errors
/// When the connection is already gone.
pub fn prepare(stream: &tokio::net::TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(PROBE_AFTER)
        .with_interval(PROBE_INTERVAL)
        .with_retries(PROBES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    if address.is_ipv6() {
        socket.set_only_v6(address.ip() != std::net::Ipv6Addr::UNSPECIFIED)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_shared_by_its_workers_and_by_nobody_else() {
        let mine = bind(([127, 0, 0, 1], 0).into(), 3).unwrap();
        let address = mine[0].local_addr().unwrap();
        assert!(
            mine.iter()
                .all(|listener| listener.local_addr().unwrap() == address)
        );
        let error = bind(address, 1).unwrap_err();
        assert_eq!(error.cause.kind(), io::ErrorKind::AddrInUse);
        drop(mine);
        bind(address, 1).unwrap();
    }
}
