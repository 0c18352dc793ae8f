//! A certificate and its key, read from their files and known to belong together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use propylon_config::CertificateFiles;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::listener::CertificateState;
use super::{TlsError, provider};

/// A certificate ready for use.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) certified: Arc<CertifiedKey>,
    /// Its file.
    pub(super) file: PathBuf,
    /// The DNS names it is for, in lower case; `*.` stands for one label.
    pub(super) names: Vec<String>,
    /// When it begins to be valid.
    pub(super) not_before: SystemTime,
    /// When it stops being valid.
    pub(super) not_after: SystemTime,
    /// Whether it is obtained and renewed by itself.
    pub(super) is_issued: bool,
}

/// What a pair of files is, without putting it to use.
///
/// # Errors
/// Files that are not there, cannot be read, or do not go together.
pub fn inspect(files: &CertificateFiles) -> Result<CertificateState, TlsError> {
    Certificate::load(files).map(|certificate| certificate.state())
}

impl Certificate {
    /// Reads a pair.
    pub(super) fn load(files: &CertificateFiles) -> Result<Self, TlsError> {
        let chain = read_certificates(&files.certificate)?;
        let key = read_key(&files.key)?;
        let pair = |cause: String| TlsError::Pair {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            cause,
        };
        let leaf = chain.first().cloned().ok_or_else(|| TlsError::Missing {
            file: files.certificate.clone(),
            wanted: "certificate",
        })?;
        let certified = CertifiedKey::from_der(chain, key, &provider())
            .map_err(|error| pair(error.to_string()))?;
        let (_, parsed) = X509Certificate::from_der(&leaf)
            .map_err(|error| pair(format!("the certificate cannot be read: {error}")))?;
        Ok(Self {
            certified: Arc::new(certified),
            file: files.certificate.clone(),
            names: names(&parsed),
            not_before: time(parsed.validity().not_before.timestamp()),
            not_after: time(parsed.validity().not_after.timestamp()),
            is_issued: false,
        })
    }

    pub(super) fn state(&self) -> CertificateState {
        CertificateState {
            file: self.file.clone(),
            names: self.names.clone(),
            not_before: self.not_before,
            not_after: self.not_after,
            is_issued: self.is_issued,
        }
    }

    /// Whether it is for this host, given in lower case.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest == domain),
            None => name == host,
        })
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let general = alternative.map(|extension| extension.value.general_names.as_slice());
    general
        .unwrap_or_default()
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// Every certificate of a PEM file, in its order.
pub(super) fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| unreadable(file, &error))?;
    if certificates.is_empty() {
        return Err(missing(file, "certificate"));
    }
    Ok(certificates)
}

/// Every certificate of a PEM text, in its order.
pub(super) fn parse_certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let name = Path::new("ca");
    let read = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, PemError>>();
    let certificates = read.map_err(|error| unreadable(name, &error))?;
    if certificates.is_empty() {
        return Err(missing(name, "certificate"));
    }
    Ok(certificates)
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| match error {
        PemError::NoItemsFound => missing(file, "private key"),
        error => unreadable(file, &error),
    })
}

pub(super) fn missing(file: &Path, wanted: &'static str) -> TlsError {
    TlsError::Missing {
        file: file.to_owned(),
        wanted,
    }
}

pub(super) fn unreadable(file: &Path, error: &PemError) -> TlsError {
    let cause = match error {
        PemError::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    TlsError::Unreadable {
        file: file.to_owned(),
        cause,
    }
}
