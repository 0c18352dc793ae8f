//! TLS on both sides: certificates that listeners show, and what is asked of instances.

mod certificate;
mod challenge;
mod client;
mod error;
mod files;
mod identity;
mod listener;
mod roots;
mod verifier;
mod words;

pub use certificate::inspect;
pub use client::{TlsDialError, UpstreamTls};
pub use error::TlsError;
pub use identity::ClientIdentity;
pub use listener::{CertificateState, ListenerTls, Refused, Reloaded};

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// The versions of HTTP that are offered in a handshake, the better one first (RFC 7301).
fn alpn(with_http2: bool) -> Vec<Vec<u8>> {
    let offered = [(HTTP2, with_http2), (b"http/1.1", true)];
    let offered = offered.iter().filter(|(_, is_offered)| *is_offered);
    offered.map(|(name, _)| name.to_vec()).collect()
}

/// Whether the two ends of a connection agreed on HTTP/2.
pub fn agreed_on_http2<D>(connection: &rustls::ConnectionCommon<D>) -> bool {
    connection.alpn_protocol() == Some(HTTP2)
}

const HTTP2: &[u8] = b"h2";

/// The one implementation of cryptography in the program.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
