//! Shows a domain to be ours in a handshake (RFC 8737, TLS-ALPN-01): a certificate for nobody but the directory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{TlsError, provider};

/// The protocol by which a directory says that it has come to look.
pub(super) const PROTOCOL: &[u8] = b"acme-tls/1";

/// What a directory's key authorization is hashed to.
const DIGEST_BYTES: usize = 32;

/// What is shown now, by domain.
#[derive(Debug, Default)]
pub(super) struct Challenges(Mutex<BTreeMap<String, Arc<CertifiedKey>>>);

impl Challenges {
    pub(super) fn show(&self, domain: &str, digest: &[u8]) -> Result<(), TlsError> {
        let certificate = Arc::new(certificate(domain, digest)?);
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.insert(domain.to_owned(), certificate);
        Ok(())
    }

    pub(super) fn hide(&self, domain: &str) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.remove(domain);
    }

    pub(super) fn of(&self, domain: &str) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get(domain).map(Arc::clone)
    }
}

/// Whether a client has come to look: it speaks nothing else.
pub(super) fn is_asked_for(hello: &ClientHello<'_>) -> bool {
    hello
        .alpn()
        .is_some_and(|mut all| all.any(|protocol| protocol == PROTOCOL))
}

/// Whether a connection was made to look, and is over.
pub(super) fn is_over(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(PROTOCOL)
}

fn certificate(domain: &str, digest: &[u8]) -> Result<CertifiedKey, TlsError> {
    let setup = |error: rcgen::Error| TlsError::Setup(error.to_string());
    if digest.len() != DIGEST_BYTES {
        return Err(TlsError::Setup("the challenge is no SHA-256".to_owned()));
    }
    let mut params = CertificateParams::new(vec![domain.to_owned()]).map_err(setup)?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(setup)?;
    let certificate = params.self_signed(&key).map_err(setup)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|cause| TlsError::Setup(cause.to_owned()))?;
    // Put together without a look at it: the extension that is the point of it is critical, and unknown to verifiers.
    let key = provider().key_provider.load_private_key(key)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}
