//! Listening sockets that a service manager has opened for us (systemd's socket activation, `LISTEN_FDS`).

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

use super::{ListenError, bind};

/// The sockets, kept for as long as the process lives: a listener that a reload takes away may come back.
#[derive(Debug, Default)]
pub struct Inherited(Vec<(SocketAddr, TcpListener)>);

/// Sockets that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InheritError {
    /// One that is no TCP listener, or that the system refuses to hand out.
    #[error("socket {number} of the service manager cannot be used: {cause}")]
    Unusable {
        /// Its number among those that were passed, from 1.
        number: usize,
        /// What is wrong with it.
        cause: io::Error,
    },
    /// One that nothing in the description is for.
    #[error(
        "the service manager passed a socket on {address}, which is the address of no listener; write each ListenStream as \
         `listeners[].address` has it"
    )]
    Stray {
        /// Where it listens.
        address: SocketAddr,
    },
}

impl Inherited {
    /// Takes what the environment tells of, once in the life of a process.
    ///
    /// # Errors
    /// A socket that cannot be used.
    pub fn take() -> Result<Self, InheritError> {
        let mut passed = ListenFd::from_env();
        let mut all = Vec::new();
        for index in 0..passed.len() {
            let unusable = |cause| InheritError::Unusable {
                number: index + 1,
                cause,
            };
            if let Some(listener) = passed.take_tcp_listener(index).map_err(unusable)? {
                listener.set_nonblocking(true).map_err(unusable)?;
                all.push((listener.local_addr().map_err(unusable)?, listener));
            }
        }
        Ok(Self(all))
    }

    /// Checks that each of them is for one of these addresses.
    ///
    /// # Errors
    /// The first that is for none: its clients would wait for ever.
    pub fn check(&self, listeners: &[SocketAddr]) -> Result<(), InheritError> {
        let stray = self
            .0
            .iter()
            .find(|(address, _)| !listeners.contains(address));
        stray.map_or(Ok(()), |(address, _)| {
            Err(InheritError::Stray { address: *address })
        })
    }

    /// As many handles to the socket on `address`, between which the kernel wakes whoever waits; without one, listeners
    /// that are bound here.
    ///
    /// # Errors
    /// See [`bind`].
    pub fn or_bind(
        &self,
        address: SocketAddr,
        count: usize,
    ) -> Result<Vec<TcpListener>, ListenError> {
        let Some((_, listener)) = self.0.iter().find(|(known, _)| *known == address) else {
            return bind(address, count);
        };
        let handles: io::Result<_> = (0..count).map(|_| listener.try_clone()).collect();
        handles.map_err(|cause| ListenError { address, cause })
    }
}
