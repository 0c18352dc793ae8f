//! Judges an instance's certificate: by roots and name, by the public key it must have, or by both.

use std::sync::Arc;

use propylon_config::SpkiPin;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

/// A verifier that asks for one of some public keys.
#[derive(Debug)]
pub(super) struct Pinned {
    pub(super) pins: Vec<SpkiPin>,
    /// Roots and name are verified as well, where roots are named.
    pub(super) roots: Option<Arc<WebPkiServerVerifier>>,
    pub(super) provider: Arc<CryptoProvider>,
}

/// The instance has another public key.
#[derive(Debug, thiserror::Error)]
#[error("its public key is {got}, which is none of the pins")]
pub(super) struct PinMismatch {
    got: SpkiPin,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let got = spki(end_entity).ok_or(CertificateError::BadEncoding)?;
        if !self.pins.contains(&got) {
            let mismatch = OtherError(Arc::new(PinMismatch { got }));
            return Err(CertificateError::Other(mismatch).into());
        }
        match &self.roots {
            Some(roots) => {
                roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The SHA-256 of a certificate's public key.
fn spki(certificate: &CertificateDer<'_>) -> Option<SpkiPin> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(SpkiPin(Sha256::digest(parsed.public_key().raw).into()))
}
