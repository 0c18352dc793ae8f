//! TLS on either side: which files, which names, and what is trusted.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::acme::Acme;

/// How a listener speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// The first answers clients that name no host or an unknown one; empty only where `acme` gives others.
    pub certificates: Vec<CertificateFiles>,
    /// Where more certificates come from.
    pub acme: Option<Acme>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Which certificates clients show; `None` asks for none.
    pub client: Option<ClientCertificates>,
    /// How long browsers are to use nothing but https for this host (RFC 6797); `None` does not tell them.
    pub hsts: Option<Duration>,
}

/// The certificates that clients show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificates {
    /// PEM: the roots that issue them.
    pub ca: PathBuf,
    /// PEM: the lists of those that have been revoked.
    pub crl: Option<PathBuf>,
    /// Whether a client without one is let in too.
    pub is_optional: bool,
}

/// A certificate with what it takes to use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// PEM: the certificate first, then those that lead to its root.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    #[default]
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// How instances are verified, and how the proxy shows itself to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamTls {
    /// PEM: the roots that are trusted; `None` for those of the system.
    pub ca: Option<PathBuf>,
    /// PEM: the lists of certificates that have been revoked.
    pub crl: Option<PathBuf>,
    /// The name that is asked for and verified; `None` for the URL's host.
    pub server_name: Option<String>,
    /// Public keys, one of which the instance must have.
    pub pins: Vec<SpkiPin>,
    /// What the proxy shows to an instance that asks for it.
    pub client: Option<CertificateFiles>,
}

/// The SHA-256 of a certificate's subject public key info (RFC 7469, 2.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpkiPin(pub [u8; 32]);

/// A text that is no pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not `sha256/` and 44 characters of Base64")]
pub struct InvalidPin;

impl FromStr for SpkiPin {
    type Err = InvalidPin;

    /// Reads `sha256/…`; curl's spelling with two slashes is the same.
    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let coded = text.strip_prefix("sha256/").ok_or(InvalidPin)?;
        let coded = coded
            .strip_prefix('/')
            .filter(|rest| rest.len() == 44)
            .unwrap_or(coded);
        let bytes = STANDARD.decode(coded).map_err(|_| InvalidPin)?;
        bytes.try_into().map(Self).map_err(|_| InvalidPin)
    }
}

impl fmt::Display for SpkiPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256/{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for SpkiPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_reads_as_it_is_shown() {
        let text = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let pin: SpkiPin = text.parse().unwrap();
        assert_eq!(pin.to_string(), text);
        // A coded pin may begin with a slash of its own.
        let slash = "sha256//7DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(
            slash.parse::<SpkiPin>().map(|pin| pin.to_string()),
            Ok(slash.to_owned())
        );
        assert_eq!(text.replace("sha256/", "sha256//").parse(), Ok(pin));
    }

    #[test]
    fn what_is_no_pin_is_refused() {
        for text in [
            "",
            "sha256/",
            "sha1/abc",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256/AAAA",
            "sha256/47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
        ] {
            assert_eq!(text.parse::<SpkiPin>(), Err(InvalidPin), "{text}");
        }
    }
}
