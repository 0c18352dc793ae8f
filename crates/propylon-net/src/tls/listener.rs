//! The TLS of a listener: certificates by the name a client asks for, read again when their files change.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use propylon_config::{CertificateFiles, Challenge, TlsVersion};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::Certificate;
use super::challenge::{self, Challenges};
use super::files::Watched;
use super::identity::ClientIdentity;
use super::{TlsError, alpn, provider, roots, words};

/// A listener's TLS at work.
#[derive(Debug)]
pub struct ListenerTls {
    wanted: propylon_config::ListenerTls,
    with_http2: bool,
    /// Made anew where clients are verified by files that changed.
    config: ArcSwap<ServerConfig>,
    chosen: Arc<Chooser>,
    files: Watched,
}

/// A client whose handshake failed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Its certificate was not good enough, or it had none.
    #[error("its certificate is refused: {0}")]
    Certificate(String),
    /// What it or its bytes did wrong.
    #[error(transparent)]
    Handshake(io::Error),
    /// It came to see that a domain is ours, and has seen it.
    #[error("it has seen what it came to see")]
    Answered,
}

/// What a certificate is, for metrics and warnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateState {
    /// Its file.
    pub file: PathBuf,
    /// Its DNS names.
    pub names: Vec<String>,
    /// When it begins to be valid.
    pub not_before: SystemTime,
    /// When it stops being valid.
    pub not_after: SystemTime,
    /// Whether it is obtained and renewed by itself.
    pub is_issued: bool,
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
    challenges: Challenges,
}

impl ListenerTls {
    /// Reads the files of `wanted`; HTTP/2 is offered where the listener speaks it.
    ///
    /// # Errors
    /// The first file or pair that cannot be used.
    pub fn load(wanted: &propylon_config::ListenerTls, with_http2: bool) -> Result<Self, TlsError> {
        let files = Watched::new(files(wanted));
        let chosen = Arc::new(Chooser {
            certificates: ArcSwap::from_pointee(read(wanted)?),
            challenges: Challenges::default(),
        });
        Ok(Self {
            config: ArcSwap::from_pointee(config(wanted, with_http2, &chosen)?),
            wanted: wanted.clone(),
            with_http2,
            chosen,
            files,
        })
    }

    /// Whether it does what `wanted` asks for, and offers HTTP/2 or not.
    pub fn is_as(&self, wanted: &propylon_config::ListenerTls, with_http2: bool) -> bool {
        self.wanted == *wanted && self.with_http2 == with_http2
    }

    /// Performs the handshake with a client.
    ///
    /// # Errors
    /// What the client, its certificate or its bytes did wrong.
    pub async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Refused> {
        let accepted = TlsAcceptor::from(self.config.load_full())
            .accept(stream)
            .await;
        match accepted {
            Ok(stream) if challenge::is_over(&stream) => Err(Refused::Answered),
            Ok(stream) => Ok(stream),
            Err(error) => Err(match words::of_client(&error) {
                Some(words) => Refused::Certificate(words),
                None => Refused::Handshake(error),
            }),
        }
    }

    /// Who the client of a connection is, if it has shown a certificate.
    pub fn client_of(stream: &TlsStream<TcpStream>) -> Option<ClientIdentity> {
        ClientIdentity::of(stream.get_ref().1.peer_certificates()?.first()?)
    }

    /// Reads the files again if they changed. Connections keep what they began with.
    pub fn reload(&self) -> Reloaded {
        if !self.files.have_changed() {
            return Reloaded::Unchanged;
        }
        match self.read_again() {
            Ok(()) => Reloaded::Changed,
            Err(error) => Reloaded::Refused(error),
        }
    }

    fn read_again(&self) -> Result<(), TlsError> {
        let certificates = read(&self.wanted)?;
        if self.wanted.client.is_some() {
            // With tickets of its own: those of before would let a client in that has been revoked since.
            self.config.store(Arc::new(config(
                &self.wanted,
                self.with_http2,
                &self.chosen,
            )?));
        }
        self.chosen.certificates.store(Arc::new(certificates));
        Ok(())
    }

    /// What is shown to clients now.
    pub fn certificates(&self) -> Vec<CertificateState> {
        let certificates = self.chosen.certificates.load();
        certificates.iter().map(Certificate::state).collect()
    }

    /// Shows from now on that a domain is ours to whoever asks for that (RFC 8737); `digest` is the SHA-256 of the key
    /// authorization.
    ///
    /// # Errors
    /// A domain or digest that no certificate can be made for.
    pub fn show_challenge(&self, domain: &str, digest: &[u8]) -> Result<(), TlsError> {
        self.chosen.challenges.show(domain, digest)
    }

    /// Stops showing it.
    pub fn hide_challenge(&self, domain: &str) {
        self.chosen.challenges.hide(domain);
    }
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let certificates = self.certificates.load();
        let host = hello.server_name().map(str::to_ascii_lowercase);
        if challenge::is_asked_for(&hello) {
            return self.challenges.of(&host?);
        }
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

fn config(
    wanted: &propylon_config::ListenerTls,
    with_http2: bool,
    chosen: &Arc<Chooser>,
) -> Result<ServerConfig, TlsError> {
    let versions = match wanted.min_version {
        TlsVersion::Tls12 => &[&TLS13, &TLS12][..],
        TlsVersion::Tls13 => &[&TLS13],
    };
    let builder =
        ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions)?;
    let builder = match &wanted.client {
        None => builder.with_no_client_auth(),
        Some(client) => builder.with_client_cert_verifier(roots::of_clients(client)?),
    };
    let mut config = builder.with_cert_resolver(Arc::<Chooser>::clone(chosen));
    config.alpn_protocols = alpn(with_http2);
    if wanted
        .acme
        .as_ref()
        .is_some_and(|acme| acme.challenge == Challenge::TlsAlpn01)
    {
        config.alpn_protocols.push(challenge::PROTOCOL.to_vec());
    }
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    Ok(config)
}

/// The certificates of the files that must be there, then those that have been issued so far.
fn read(wanted: &propylon_config::ListenerTls) -> Result<Vec<Certificate>, TlsError> {
    let named = wanted.certificates.iter().map(Certificate::load);
    let mut all = named.collect::<Result<Vec<_>, _>>()?;
    let issued = issued(wanted).filter_map(|files| Certificate::load(&files).ok());
    all.extend(issued.map(|certificate| Certificate {
        is_issued: true,
        ..certificate
    }));
    Ok(all)
}

/// Where certificates are once they have been issued; one file has both halves.
fn issued(wanted: &propylon_config::ListenerTls) -> impl Iterator<Item = CertificateFiles> {
    let acme = wanted.acme.iter();
    acme.flat_map(|acme| acme.domains.iter().map(|domain| acme.file(domain)))
        .map(|file| CertificateFiles {
            certificate: file.clone(),
            key: file,
        })
}

/// Every file that is read again when it changes.
fn files(wanted: &propylon_config::ListenerTls) -> Vec<PathBuf> {
    let pairs = wanted.certificates.iter();
    let pairs = pairs.flat_map(|files| [&files.certificate, &files.key]);
    let client = wanted.client.iter();
    let client = client.flat_map(|client| [Some(&client.ca), client.crl.as_ref()]);
    let named = pairs.chain(client.flatten()).cloned();
    named
        .chain(issued(wanted).map(|files| files.certificate))
        .collect()
}
