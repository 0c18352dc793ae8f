//! The dial guard: the only code in the program that opens an outbound connection.
//!
//! A name is resolved, every address is judged, and the connection goes to the very address that
//! was judged. A [`DialTarget`] can be made only here, so nothing else can choose where to connect.

mod guard;
pub mod judge;
mod resolve;
mod target;

pub use guard::{Guard, Inspection, JudgedAddress, own_addresses};
pub use resolve::{Answer, ResolveError, Resolver};
pub use target::{DialError, DialErrorKind, DialTarget};

use std::time::Duration;

use tokio::net::TcpStream;

use crate::listener;

/// Connects to one judged address, giving up after `timeout`.
///
/// The stream is set up by [`listener::prepare`].
///
/// # Errors
/// [`DialErrorKind::Refused`] when the host answered that nobody listens,
/// [`DialErrorKind::Unreachable`] for everything that leaves open whether the instance lives.
pub async fn connect(target: DialTarget, timeout: Duration) -> Result<TcpStream, DialError> {
    let address = target.address();
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that may open an outbound connection"
    )]
    let attempt = TcpStream::connect(address);
    match tokio::time::timeout(timeout, attempt).await {
        Ok(Ok(stream)) => {
            listener::prepare(&stream).map_err(|error| DialError::from_io(target, error))?;
            Ok(stream)
        }
        Ok(Err(error)) => Err(DialError::from_io(target, error)),
        Err(_elapsed) => Err(DialError::timed_out(target, timeout)),
    }
}
