//! What is wrong with a certificate, in the words of who has to replace it.

use std::fmt;

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use crate::probe::http_date;

/// Why a careful client refuses a certificate: what it must have, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFault {
    /// What a client needs.
    pub wanted: String,
    /// What it was shown.
    pub found: String,
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (wanted: {})", self.found, self.wanted)
    }
}

/// Reads what verification says of a certificate for `host`; `None` when the failure is not about the certificate.
pub(crate) fn fault(error: &rustls::Error, host: &str) -> Option<CertificateFault> {
    let fault = |wanted: &str, found: String| {
        Some(CertificateFault {
            wanted: wanted.to_owned(),
            found,
        })
    };
    let cause = match error {
        rustls::Error::InvalidCertificate(cause) => cause,
        rustls::Error::NoCertificatesPresented => {
            return fault("a certificate", "none was sent".into());
        }
        _ => return None,
    };
    let date = |time: &UnixTime| http_date(time.as_secs().saturating_mul(1_000_000));
    match cause {
        CertificateError::ExpiredContext { not_after, .. } => fault(
            "a certificate that is still valid",
            format!("expired on {}", date(not_after)),
        ),
        CertificateError::NotValidYetContext { not_before, .. } => fault(
            "a certificate that is valid already",
            format!("not valid before {}", date(not_before)),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => fault(
            &format!("a certificate for {host}"),
            format!("one for {}", names(presented)),
        ),
        CertificateError::UnknownIssuer => fault(
            "a chain that leads to an authority clients trust",
            "no such chain: the certificate is self-signed, its authority is private, or an intermediate was not sent"
                .into(),
        ),
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => fault(
            "a chain that leads to an authority clients trust",
            "an authority's own, self-signed certificate".into(),
        ),
        other => fault("a good certificate", other.to_string()),
    }
}

/// The names in a certificate: `DnsName("a.example")` is how they come.
fn names(presented: &[String]) -> String {
    let bare = presented.iter().map(|name| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        inner.trim_end_matches(')').trim_matches('"').to_owned()
    });
    match bare.collect::<Vec<_>>() {
        none if none.is_empty() => "no name at all".into(),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::CertificateError;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::fault;

    #[test]
    fn every_fault_says_what_was_wanted_and_what_came() {
        let check = |cause: CertificateError, expected: &str| {
            let said = fault(&rustls::Error::InvalidCertificate(cause), "a.example").unwrap();
            assert_eq!(said.to_string(), expected);
        };
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        check(
            CertificateError::ExpiredContext {
                time: at(2_000),
                not_after: at(1_000),
            },
            "expired on Thu, 01 Jan 1970 00:16:40 GMT (wanted: a certificate that is still valid)",
        );
        check(
            CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("a.example").unwrap().to_owned(),
                presented: vec!["DnsName(\"b.example\")".into(), "IpAddress(::1)".into()],
            },
            "one for b.example, ::1 (wanted: a certificate for a.example)",
        );
        check(
            CertificateError::UnknownIssuer,
            "no such chain: the certificate is self-signed, its authority is private, or an intermediate was not sent \
             (wanted: a chain that leads to an authority clients trust)",
        );
        assert!(fault(&rustls::Error::DecryptError, "a").is_none());
    }
}
