//! The PROXY protocol, versions 1 and 2: what a balancer in front tells of a connection before its first byte.
//!
//! `decode` works on bytes alone; `read` takes exactly the header from a socket, and nothing behind it.

mod decode;
mod read;
mod version1;
mod version2;

pub use decode::{Malformed, Progress, Told, decode};
pub use read::{HeaderError, read};

#[cfg(test)]
mod tests;
