//! What failed in a handshake, in an operator's words: what was wanted, and what was found.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

/// Whose certificate was looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown<'a> {
    /// An instance's, which was to be for this name.
    ByInstance(&'a str),
    ByClient,
}

/// Why a handshake with an instance failed.
pub(super) fn of_instance(error: &io::Error, wanted: &str) -> String {
    match inner(error) {
        Some(Error::InvalidCertificate(fault)) => {
            let shown = Shown::ByInstance(wanted);
            format!("its certificate is refused: {}", certificate(fault, shown))
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

/// Why a client's certificate was refused; `None` where the handshake failed for another reason.
pub(super) fn of_client(error: &io::Error) -> Option<String> {
    match inner(error)? {
        Error::InvalidCertificate(fault) => Some(certificate(fault, Shown::ByClient)),
        Error::NoCertificatesPresented => Some("it showed none".to_owned()),
        _ => None,
    }
}

fn inner(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn certificate(fault: &CertificateError, shown: Shown<'_>) -> String {
    match fault {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "it expired {} ago, at {}",
            ago(*time, *not_after),
            stamp(*not_after)
        ),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is not valid before {}", stamp(*not_before))
        }
        CertificateError::NotValidForNameContext { presented, .. } => match shown {
            Shown::ByInstance(wanted) => {
                format!("{wanted} was wanted, and it is for {}", names(presented))
            }
            Shown::ByClient => format!("it is for {}", names(presented)),
        },
        CertificateError::UnknownIssuer => match shown {
            Shown::ByInstance(_) => "no root that is trusted has issued it; name its root with `tls.ca`, or its key with `tls.pins`",
            Shown::ByClient => "no root in `tls.client.ca` has issued it",
        }
        .to_owned(),
        CertificateError::Revoked => "it has been revoked".to_owned(),
        CertificateError::UnknownRevocationStatus => {
            "`crl` has no list of its issuer, so it may have been revoked".to_owned()
        }
        CertificateError::ExpiredRevocationListContext { next_update, .. } => format!(
            "the list in `crl` that would say whether it has been revoked was to be replaced by {}",
            stamp(*next_update)
        ),
        CertificateError::InvalidPurposeContext { .. } => match shown {
            Shown::ByInstance(_) => "it is not meant for servers",
            Shown::ByClient => "it is not meant for clients",
        }
        .to_owned(),
        CertificateError::Other(other) if other.0.to_string().contains("CaUsedAsEndEntity") => {
            "it is an authority's own, which is for issuing others; issue one for the server, or name its key with `tls.pins`"
                .to_owned()
        }
        CertificateError::Other(other) => other.0.to_string(),
        fault => format!("{fault:?}"),
    }
}

/// The names as rustls has them, `DnsName("weather.internal")`, without what wraps each.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let quoted = name.split('"').nth(1).map(str::to_owned);
        quoted.unwrap_or_else(|| name.clone())
    };
    let names: Vec<_> = presented.iter().map(bare).collect();
    match names.is_empty() {
        true => "no name".to_owned(),
        false => names.join(", "),
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
