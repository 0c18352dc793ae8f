//! TLS on both sides: certificates that listeners show, and what is asked of instances.

mod certificate;
mod client;
mod error;
mod listener;
mod verifier;

pub use client::{TlsDialError, UpstreamTls};
pub use error::TlsError;
pub use listener::{CertificateState, ListenerTls, Reloaded};

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// The one implementation of cryptography in the program.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
