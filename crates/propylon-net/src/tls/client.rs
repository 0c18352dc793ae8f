//! The TLS of an upstream: how its instances are verified, and what is said when one fails.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{InvalidDnsNameError, ServerName, UnixTime};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::{Certificate, read_certificates};
use super::verifier::Pinned;
use super::{TlsError, provider};

/// An upstream's TLS at work.
#[derive(Debug, Clone)]
pub struct UpstreamTls {
    config: Arc<ClientConfig>,
    server_name: Option<String>,
}

/// A handshake that failed, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsDialError(String);

impl UpstreamTls {
    /// Reads the files of `wanted`.
    ///
    /// # Errors
    /// The first file that cannot be used.
    pub fn load(wanted: &propylon_config::UpstreamTls) -> Result<Self, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?;
        let is_by_pin_alone = !wanted.pins.is_empty() && wanted.ca.is_none();
        let roots = match is_by_pin_alone {
            true => None,
            false => Some(verifier(wanted)?),
        };
        let builder = builder.dangerous();
        let builder = match roots {
            Some(roots) if wanted.pins.is_empty() => {
                builder.with_custom_certificate_verifier(roots)
            }
            roots => builder.with_custom_certificate_verifier(Arc::new(Pinned {
                pins: wanted.pins.clone(),
                roots,
                provider: provider(),
            })),
        };
        let mut config = match &wanted.client {
            None => builder.with_no_client_auth(),
            Some(files) => {
                let shown = Certificate::load(files)?.certified;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
                    Arc::unwrap_or_clone(shown),
                )))
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            server_name: wanted.server_name.clone(),
        })
    }

    /// Performs the handshake on an open connection; `host` is what is verified where the description names nothing.
    ///
    /// # Errors
    /// What failed, with what was wanted and what was found.
    pub async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, TlsDialError> {
        let wanted = self.server_name.as_deref().unwrap_or(host);
        let bare = wanted.trim_start_matches('[').trim_end_matches(']');
        let name =
            ServerName::try_from(bare.to_owned()).map_err(|error: InvalidDnsNameError| {
                TlsDialError(format!("{wanted} cannot be verified: {error}"))
            })?;
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
            .map_err(|error| TlsDialError(words(&error, wanted)))
    }
}

fn verifier(wanted: &propylon_config::UpstreamTls) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    match &wanted.ca {
        Some(file) => {
            for certificate in read_certificates(file)? {
                roots
                    .add(certificate)
                    .map_err(|error| TlsError::Unreadable {
                        file: file.clone(),
                        cause: error.to_string(),
                    })?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|_| TlsError::NoRoots)
}

/// What failed, for an operator.
fn words(error: &io::Error, wanted: &str) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(fault)) => {
            format!(
                "its certificate is refused: {}",
                certificate_words(fault, wanted)
            )
        }
        Some(Error::AlertReceived(alert)) => {
            format!("it ended the TLS handshake with the alert {alert:?}")
        }
        Some(Error::PeerIncompatible(fault)) => {
            format!("it speaks no TLS that is spoken here (1.2 or 1.3): {fault:?}")
        }
        Some(Error::InvalidMessage(_)) => "it does not answer in TLS".to_owned(),
        Some(error) => format!("the TLS handshake failed: {error}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it closed the connection during the TLS handshake".to_owned()
        }
        None => format!("the TLS handshake failed: {error}"),
    }
}

fn certificate_words(fault: &CertificateError, wanted: &str) -> String {
    match fault {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "it expired {} ago, at {}",
            ago(*time, *not_after),
            stamp(*not_after)
        ),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is not valid before {}", stamp(*not_before))
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("{wanted} was wanted, and it is for {}", presented.join(", "))
        }
        CertificateError::UnknownIssuer => {
            "no root that is trusted has issued it; name its root with `tls.ca`, or its key with `tls.pins`".to_owned()
        }
        CertificateError::Revoked => "it has been revoked".to_owned(),
        CertificateError::Other(other) => other.0.to_string(),
        fault => format!("{fault:?}"),
    }
}

fn ago(now: UnixTime, then: UnixTime) -> String {
    let seconds = now.as_secs().saturating_sub(then.as_secs());
    match seconds {
        0..3600 => format!("{} minutes", seconds / 60),
        3600..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn stamp(time: UnixTime) -> String {
    let time: SystemTime = UNIX_EPOCH + Duration::from_secs(time.as_secs());
    jiff::Timestamp::try_from(time)
        .map_or_else(|_| "an impossible time".to_owned(), |time| time.to_string())
}
