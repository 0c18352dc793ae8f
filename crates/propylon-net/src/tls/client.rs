//! The TLS of an upstream: how its instances are verified, and what is said when one fails.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use propylon_config::SpkiPin;
use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::Certificate;
use super::files::Watched;
use super::listener::Reloaded;
use super::verifier::Pinned;
use super::{TlsError, alpn, provider, roots, words};

/// An upstream's TLS at work.
#[derive(Debug)]
pub struct UpstreamTls {
    wanted: propylon_config::UpstreamTls,
    with_http2: bool,
    /// Made anew when a file changes; connections keep what they began with.
    config: ArcSwap<ClientConfig>,
    files: Watched,
}

/// A handshake that failed, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsDialError(String);

impl UpstreamTls {
    /// Reads the files of `wanted`; HTTP/2 is offered to instances unless it is not to be spoken.
    ///
    /// # Errors
    /// The first file that cannot be used.
    pub fn load(wanted: &propylon_config::UpstreamTls, with_http2: bool) -> Result<Self, TlsError> {
        let files = Watched::new(files(wanted));
        Ok(Self {
            config: ArcSwap::from_pointee(config(wanted, with_http2)?),
            wanted: wanted.clone(),
            with_http2,
            files,
        })
    }

    /// For a server that a user registered, with the roots in PEM and the public keys that came with it.
    ///
    /// # Errors
    /// Roots that cannot be used.
    pub fn of_registered(ca: Option<&str>, pins: &[SpkiPin]) -> Result<Self, TlsError> {
        let roots = match (ca, pins) {
            (None, [_, ..]) => None,
            (ca, _) => Some(roots::of_registered(ca)?),
        };
        Ok(Self {
            config: ArcSwap::from_pointee(assemble(roots, pins, None)?),
            wanted: propylon_config::UpstreamTls::default(),
            with_http2: false,
            files: Watched::new(Vec::new()),
        })
    }

    /// Reads the files again if they changed.
    pub fn reload(&self) -> Reloaded {
        if !self.files.have_changed() {
            return Reloaded::Unchanged;
        }
        match config(&self.wanted, self.with_http2) {
            Ok(config) => {
                self.config.store(Arc::new(config));
                Reloaded::Changed
            }
            Err(error) => Reloaded::Refused(error),
        }
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
        let wanted = self.wanted.server_name.as_deref().unwrap_or(host);
        let bare = wanted.trim_start_matches('[').trim_end_matches(']');
        let name =
            ServerName::try_from(bare.to_owned()).map_err(|error: InvalidDnsNameError| {
                TlsDialError(format!("{wanted} cannot be verified: {error}"))
            })?;
        TlsConnector::from(self.config.load_full())
            .connect(name, stream)
            .await
            .map_err(|error| TlsDialError(words::of_instance(&error, wanted)))
    }
}

fn config(
    wanted: &propylon_config::UpstreamTls,
    with_http2: bool,
) -> Result<ClientConfig, TlsError> {
    let is_by_pin_alone = !wanted.pins.is_empty() && wanted.ca.is_none();
    let roots = match is_by_pin_alone {
        true => None,
        false => Some(roots::of_instances(wanted)?),
    };
    let shown = match &wanted.client {
        None => None,
        Some(files) => Some(Certificate::load(files)?.certified),
    };
    let mut config = assemble(roots, &wanted.pins, shown)?;
    config.alpn_protocols = alpn(with_http2);
    Ok(config)
}

fn assemble(
    roots: Option<Arc<WebPkiServerVerifier>>,
    pins: &[SpkiPin],
    shown: Option<Arc<CertifiedKey>>,
) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .dangerous();
    let builder = match roots {
        Some(roots) if pins.is_empty() => builder.with_custom_certificate_verifier(roots),
        roots => builder.with_custom_certificate_verifier(Arc::new(Pinned {
            pins: pins.to_vec(),
            roots,
            provider: provider(),
        })),
    };
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
            Arc::unwrap_or_clone(shown),
        ))),
    };
    config.alpn_protocols = alpn(false);
    Ok(config)
}

/// Every file that is read again when it changes.
fn files(wanted: &propylon_config::UpstreamTls) -> Vec<PathBuf> {
    let client = wanted.client.iter();
    let client = client.flat_map(|files| [&files.certificate, &files.key]);
    let judges = wanted.ca.iter().chain(&wanted.crl);
    judges.chain(client).cloned().collect()
}
