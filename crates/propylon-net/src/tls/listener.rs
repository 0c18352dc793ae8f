//! The TLS of a listener: certificates by the name a client asks for, read again when their files change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use propylon_config::{CertificateFiles, TlsVersion};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::Certificate;
use super::{TlsError, provider};

/// A listener's TLS at work.
#[derive(Debug)]
pub struct ListenerTls {
    config: Arc<ServerConfig>,
    chosen: Arc<Chooser>,
    files: Vec<CertificateFiles>,
    /// What the files were like when they were last read.
    stamps: Mutex<Vec<Stamp>>,
}

/// What a certificate is, for metrics and warnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateState {
    /// Its file.
    pub file: PathBuf,
    /// Its DNS names.
    pub names: Vec<String>,
    /// When it stops being valid.
    pub not_after: SystemTime,
}

/// What came of looking at the files again.
#[derive(Debug)]
pub enum Reloaded {
    /// They are as they were.
    Unchanged,
    /// New certificates are shown from now on.
    Changed,
    /// They changed, and cannot be used: the old ones stay.
    Refused(TlsError),
}

/// Chooses a certificate by the name that a client asks for.
#[derive(Debug)]
struct Chooser {
    certificates: ArcSwap<Vec<Certificate>>,
}

/// Enough of a file's metadata to see that it is another one.
type Stamp = Option<(SystemTime, u64)>;

impl ListenerTls {
    /// Reads the files of `wanted`.
    ///
    /// # Errors
    /// The first file or pair that cannot be used.
    pub fn load(wanted: &propylon_config::ListenerTls) -> Result<Self, TlsError> {
        let files = wanted.certificates.clone();
        // Stamped before it is read: a change in between is seen again rather than missed.
        let stamps = Mutex::new(stamps(&files));
        let chosen = Arc::new(Chooser {
            certificates: ArcSwap::from_pointee(read(&files)?),
        });
        let versions = match wanted.min_version {
            TlsVersion::Tls12 => &[&TLS13, &TLS12][..],
            TlsVersion::Tls13 => &[&TLS13],
        };
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Chooser>::clone(&chosen));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
        Ok(Self {
            config: Arc::new(config),
            chosen,
            files,
            stamps,
        })
    }

    /// Performs the handshake with a client.
    ///
    /// # Errors
    /// What the client or its bytes did wrong.
    pub async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.config))
            .accept(stream)
            .await
    }

    /// Reads the files again if they changed. Connections keep the certificate they began with.
    pub fn reload(&self) -> Reloaded {
        let now = stamps(&self.files);
        let mut known = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == now {
            return Reloaded::Unchanged;
        }
        // A pair that is half written is looked at again when its other half changes.
        *known = now;
        match read(&self.files) {
            Ok(certificates) => {
                self.chosen.certificates.store(Arc::new(certificates));
                Reloaded::Changed
            }
            Err(error) => Reloaded::Refused(error),
        }
    }

    /// What is shown to clients now.
    pub fn certificates(&self) -> Vec<CertificateState> {
        let certificates = self.chosen.certificates.load();
        let state = |(files, certificate): (&CertificateFiles, &Certificate)| CertificateState {
            file: files.certificate.clone(),
            names: certificate.names.clone(),
            not_after: certificate.not_after,
        };
        self.files
            .iter()
            .zip(certificates.iter())
            .map(state)
            .collect()
    }
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let certificates = self.certificates.load();
        let host = hello.server_name().map(str::to_ascii_lowercase);
        let named = |certificate: &&Certificate| {
            host.as_deref().is_some_and(|host| certificate.is_for(host))
        };
        // Two certificates for one name differ by their kind of key: the client says which it can verify.
        let fits = |certificate: &&Certificate| {
            let schemes = hello.signature_schemes();
            certificate.certified.key.choose_scheme(schemes).is_some()
        };
        let fallback = || {
            certificates
                .iter()
                .find(named)
                .or_else(|| certificates.first())
        };
        let chosen = certificates
            .iter()
            .filter(named)
            .find(fits)
            .or_else(fallback);
        chosen.map(|certificate| Arc::clone(&certificate.certified))
    }
}

fn read(files: &[CertificateFiles]) -> Result<Vec<Certificate>, TlsError> {
    files.iter().map(Certificate::load).collect()
}

fn stamps(files: &[CertificateFiles]) -> Vec<Stamp> {
    let stamp = |file: &Path| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files
        .iter()
        .flat_map(|files| [stamp(&files.certificate), stamp(&files.key)])
        .collect()
}
