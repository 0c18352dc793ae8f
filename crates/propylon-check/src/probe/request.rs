//! One whole request, with the connection it came over and when.

use std::net::SocketAddr;
use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::budget::Held;
use super::clock::Stamp;
use super::head::{Framing, RequestHead, Version};

/// The connection a request came over.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: u64,
    pub(crate) peer: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) opened: Stamp,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) head: RequestHead,
    pub(crate) body: Bytes,
    pub(crate) connection: std::sync::Arc<Connection>,
    /// Which request of its connection this is, from 1.
    pub(crate) ordinal: u64,
    /// Silence of the connection before it.
    pub(crate) idle_ns: u64,
    /// When its head was complete.
    pub(crate) received: Stamp,
    pub(crate) sha256: OnceLock<String>,
    /// The body's share of the budget.
    #[expect(dead_code, reason = "held for as long as the body is")]
    pub(crate) held: Held,
}

impl Request {
    /// The `body` that `echo_request` reports.
    pub(crate) fn body_json(&self) -> Value {
        let framing = match self.head.framing {
            Framing::None if self.head.version == Version::Http2 && !self.body.is_empty() => {
                "frames"
            }
            Framing::None => "none",
            Framing::Length(_) => "content-length",
            Framing::Chunked => "chunked",
        };
        json!({
            "bytes": self.body.len(),
            "sha256": self.sha256.get_or_init(|| sha256_hex(&self.body)),
            "framing": framing,
            "content_encoding": self.head.get("content-encoding"),
        })
    }

    /// The `connection` that `echo_request` reports.
    pub(crate) fn connection_json(&self) -> Value {
        json!({
            "id": self.connection.id,
            "request": self.ordinal,
            "peer": self.connection.peer.to_string(),
            "local": self.connection.local.to_string(),
            "opened": self.connection.opened.json(),
            "idle_ns": self.idle_ns,
        })
    }
}

/// A digest in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn digests_are_hexadecimal() {
        assert_eq!(
            super::sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
