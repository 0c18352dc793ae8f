//! Free loopback ports, taken from below the range the kernel hands out for outgoing connections.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 12_000;
const COUNT: u32 = 18_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A loopback port nothing listens on. No two calls in one process give the same one within 18,000 calls, and processes
/// begin at different places.
///
/// # Panics
/// When 500 ports in a row are taken.
pub fn free_port() -> u16 {
    let start = std::process::id().wrapping_mul(61);
    for _ in 0..500 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + start.wrapping_add(step) % COUNT;
        let port = u16::try_from(port).expect("the range ends below 65536");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("500 loopback ports in a row are taken");
}

/// [`free_port`] as an address on 127.0.0.1.
pub fn free_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_port()).into()
}
