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

/// The one implementation of cryptography in the program.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
