//! TLS in front of the proxy, with a certificate made for the run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use propylon_net::dial::{DialTarget, connect};
use propylon_testkit::Scratch;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::fault::Fault;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// The server's side for `fault`, and the file of the authority that signed its certificate.
pub(crate) fn acceptor(fault: Fault, scratch: &Scratch) -> (TlsAcceptor, PathBuf) {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    let authority = scratch.write("authority.pem", &root.self_signed(&root_key).unwrap().pem());
    let name = match fault {
        Fault::CertificateOfAnother => "other.example",
        _ => "127.0.0.1",
    };
    let mut leaf = CertificateParams::new(vec![name.into()]).unwrap();
    if fault == Fault::CertificateEndsSoon {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        leaf.not_after = date_time_ymd(1970, 1, 1) + now + WEEK;
    }
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    let versions: &[_] = if fault == Fault::HasOnlyTls12 {
        &[&TLS12]
    } else {
        &[&TLS12, &TLS13]
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), authority)
}

/// Decrypts for the proxy at `inner` until its task is dropped.
pub(crate) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, inner: DialTarget) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::task::spawn_local(async move {
            let _ = stream.set_nodelay(true);
            let Ok(mut client) = acceptor.accept(stream).await else {
                return;
            };
            if let Ok(mut proxy) = connect(inner, Duration::from_secs(5)).await {
                let _ = proxy.set_nodelay(true);
                let _ = copy_bidirectional(&mut client, &mut proxy).await;
            }
        });
    }
}
