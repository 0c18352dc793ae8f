//! Whom we believe: roots and lists of what has been revoked, read from their files.

use std::path::Path;
use std::sync::Arc;

use propylon_config::ClientCertificates;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::certificate::{missing, parse_certificates, read_certificates, unreadable};
use super::{TlsError, provider};

/// How instances are verified, but for pins.
pub(super) fn of_instances(
    wanted: &propylon_config::UpstreamTls,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let roots = match &wanted.ca {
        Some(file) => roots(file)?,
        None => system_roots(),
    };
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
    if let Some(file) = &wanted.crl {
        // Roots and intermediates are the operator's own choice or short-lived; what gets lost is a server's key.
        builder = builder
            .with_crls(revocation_lists(file)?)
            .only_check_end_entity_revocation()
            .enforce_revocation_expiration();
    }
    builder.build().map_err(|error| match error {
        rustls::client::VerifierBuilderError::NoRootAnchors => TlsError::NoRoots,
        error => TlsError::Setup(error.to_string()),
    })
}

/// How a server that a user registered is verified, by the roots in PEM that came with it, or by the system's.
pub(super) fn of_registered(ca: Option<&str>) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let roots = match ca {
        Some(pem) => store(parse_certificates(pem)?, Path::new("ca"))?,
        None => system_roots(),
    };
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|_| TlsError::NoRoots)
}

/// How clients are verified.
pub(super) fn of_clients(
    wanted: &ClientCertificates,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Arc::new(roots(&wanted.ca)?);
    let mut builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
    if let Some(file) = &wanted.crl {
        builder = builder
            .with_crls(revocation_lists(file)?)
            .only_check_end_entity_revocation()
            .enforce_revocation_expiration();
    }
    if wanted.is_optional {
        builder = builder.allow_unauthenticated();
    }
    builder
        .build()
        .map_err(|error| TlsError::Setup(error.to_string()))
}

fn roots(file: &Path) -> Result<RootCertStore, TlsError> {
    store(read_certificates(file)?, file)
}

fn store(
    certificates: Vec<CertificateDer<'static>>,
    file: &Path,
) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| TlsError::Unreadable {
                file: file.to_owned(),
                cause: error.to_string(),
            })?;
    }
    Ok(roots)
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn revocation_lists(file: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let read = CertificateRevocationListDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let lists = read.map_err(|error| unreadable(file, &error))?;
    if lists.is_empty() {
        return Err(missing(file, "revocation list"));
    }
    Ok(lists)
}
