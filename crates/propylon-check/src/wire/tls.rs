//! TLS as a careful client does it: the system's roots, the operator's own, and the chain kept for the report.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, InvalidMessage, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::{self, CertificateFault};
use super::trouble::Trouble;

/// What clients of this run trust.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
}

/// What a handshake told.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// Certificates sent.
    pub(crate) chain_length: usize,
    /// What verification says now; `None` when all is well.
    pub(crate) fault: Option<CertificateFault>,
    /// What it will say after the margin asked for.
    pub(crate) fault_later: Option<CertificateFault>,
}

impl Trust {
    /// The system's roots and those of `authority`, a PEM file.
    pub(crate) fn new(authority: Option<&Path>) -> Result<Self, Trouble> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        if let Some(path) = authority {
            let unreadable = |error: &dyn std::fmt::Display| {
                Trouble::unexpected(format!(
                    "--ca {}: {error}; a PEM file is needed",
                    path.display()
                ))
            };
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unreadable(&error))?;
                roots.add(certificate).map_err(|error| unreadable(&error))?;
            }
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|_| {
                    Trouble::unexpected(
                        "this machine has no root certificates; name some with --ca FILE",
                    )
                })?;
        Ok(Self { provider, verifier })
    }

    /// A handshake that refuses what a client would, or, when it is not `careful`, takes any certificate.
    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
        alpn: &[&[u8]],
        careful: bool,
    ) -> Result<TlsStream<TcpStream>, Trouble> {
        let verifier: Arc<dyn ServerCertVerifier> = if careful {
            Arc::<WebPkiServerVerifier>::clone(&self.verifier)
        } else {
            Arc::new(self.witness(host, Duration::ZERO))
        };
        self.handshake(host, stream, alpn, verifier, rustls::ALL_VERSIONS)
            .await
    }

    fn witness(&self, host: &str, later: Duration) -> Witness {
        Witness {
            judge: Arc::clone(&self.verifier),
            host: host.to_owned(),
            later,
            seen: Mutex::default(),
        }
    }

    /// A handshake that takes any certificate and tells what verification says of it, now and `later`.
    pub(crate) async fn inspect(
        &self,
        host: &str,
        stream: TcpStream,
        versions: &[&'static SupportedProtocolVersion],
        later: Duration,
    ) -> Result<Handshake, Trouble> {
        let witness = Arc::new(self.witness(host, later));
        let verifier: Arc<dyn ServerCertVerifier> = Arc::<Witness>::clone(&witness);
        let stream = self
            .handshake(host, stream, &[b"h2", b"http/1.1"], verifier, versions)
            .await?;
        drop(stream);
        let seen = witness
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Ok(Handshake {
            chain_length: seen.chain_length,
            fault: seen.fault,
            fault_later: seen.fault_later,
        })
    }

    async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
        alpn: &[&[u8]],
        verifier: Arc<dyn ServerCertVerifier>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<TlsStream<TcpStream>, Trouble> {
        let trouble = |cause: String| Trouble::Tls {
            host: host.to_owned(),
            cause,
        };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)
            .map_err(|error| trouble(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let name =
            ServerName::try_from(host.to_owned()).map_err(|error| trouble(error.to_string()))?;
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .map_err(|error| refused(&error, host))
    }
}

/// Why a handshake failed.
fn refused(error: &std::io::Error, host: &str) -> Trouble {
    let cause = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let host = host.to_owned();
    if let Some(fault) = cause.and_then(|cause| certificate::fault(cause, &host)) {
        return Trouble::Certificate { host, fault };
    }
    let is_no_tls = matches!(
        cause,
        Some(rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
        ))
    );
    let cause = if is_no_tls {
        "it answered with something that is not TLS; is it plain http? try http://".to_owned()
    } else {
        format!("{error}; is this the port that speaks TLS?")
    };
    Trouble::Tls { host, cause }
}

#[derive(Clone, Debug, Default)]
struct Seen {
    chain_length: usize,
    fault: Option<CertificateFault>,
    fault_later: Option<CertificateFault>,
}

/// Takes any certificate, and writes down what a careful client would say of it.
#[derive(Debug)]
struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    host: String,
    later: Duration,
    seen: Mutex<Seen>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |time| {
            self.judge
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, time)
                .err()
                .map(|error| {
                    certificate::fault(&error, &self.host).unwrap_or_else(|| CertificateFault {
                        wanted: "a good certificate".into(),
                        found: error.to_string(),
                    })
                })
        };
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let seen = Seen {
            chain_length: intermediates.len() + 1,
            fault: at(now),
            fault_later: at(UnixTime::since_unix_epoch(since_epoch + self.later)),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}
