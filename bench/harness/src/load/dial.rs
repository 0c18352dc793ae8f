//! A client's way to the proxy: TCP, and TLS 1.3 over it where the proxy has shown a certificate.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

use super::Target;
use crate::link::Link;
use crate::measure::Protocol;

/// Client connections that share one source address, below the size of the ephemeral port range.
const CONNECTIONS_PER_ADDRESS: usize = 10_000;

/// Opens connections to one proxy.
#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) address: SocketAddr,
    tls: Option<TlsConnector>,
}

impl Dialer {
    /// For connections on which that protocol is spoken.
    pub(super) fn new(target: &Target, protocol: Protocol) -> anyhow::Result<Self> {
        let trust = |certificate| trusting(certificate, protocol);
        let tls = target.certificate.as_deref().map(trust).transpose()?;
        Ok(Self {
            address: target.target,
            tls,
        })
    }

    /// Opens connection `number` of a load.
    pub(super) async fn connect(&self, number: usize) -> anyhow::Result<Link> {
        let socket = TcpSocket::new_v4()?;
        if let Ok(last @ 1..) = u8::try_from(number / CONNECTIONS_PER_ADDRESS) {
            let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1 + last));
            socket.bind(SocketAddr::new(source, 0))?;
        }
        let stream = socket
            .connect(self.address)
            .await
            .with_context(|| format!("cannot connect to {}", self.address))?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return Ok(stream.into());
        };
        let secured = tls
            .connect(ServerName::from(self.address.ip()), stream)
            .await
            .with_context(|| format!("no TLS 1.3 with {}", self.address))?;
        Ok(Link::Tls(Box::new(secured)))
    }
}

/// TLS 1.3 with the holder of that one certificate; each handshake is a whole one.
fn trusting(certificate: &Path, protocol: Protocol) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![protocol.alpn().to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
