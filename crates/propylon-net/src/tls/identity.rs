//! Who a client says it is, once its certificate has been verified.

use std::fmt::Write as _;

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::x509::AttributeTypeAndValue;

/// The identity in a verified certificate: ASCII without control characters, so that it can stand in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// Its distinguished name (RFC 4514): `CN=agent,O=Example`; may be empty.
    pub subject: String,
    /// Its alternative names, each with its kind: `URI=spiffe://example.com/agent`, `DNS=agent.example.com`.
    pub names: Vec<String>,
    /// The SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
}

/// Together with a subject this long, names that are longer are left out: servers refuse long lines.
const NAMES_BYTES_MAX: usize = 4096;
/// A subject is whole or not there: half of one could be somebody else's.
const SUBJECT_BYTES_MAX: usize = 2048;

impl ClientIdentity {
    /// The identity of the certificate a client has shown; `None` where it cannot be read.
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let subject = distinguished_name(parsed.subject());
        let fingerprint =
            Sha256::digest(certificate)
                .iter()
                .fold(String::new(), |mut hex, byte| {
                    // Writing to a String cannot fail.
                    let _ = write!(hex, "{byte:02x}");
                    hex
                });
        Some(Self {
            subject: match subject.len() {
                ..=SUBJECT_BYTES_MAX => subject,
                _ => String::new(),
            },
            names: names(&parsed),
            fingerprint,
        })
    }

    /// The value of `X-Forwarded-Client-Cert`, as Envoy writes it: `Hash=…;Subject="CN=agent";URI=spiffe://…`.
    pub fn forwarded(&self) -> String {
        let mut value = format!("Hash={};Subject=\"{}\"", self.fingerprint, self.subject);
        for name in self.names.iter().filter(|name| !name.starts_with("Email=")) {
            let Some((kind, name)) = name.split_once('=') else {
                continue;
            };
            let quote = if name.contains([',', ';', '=']) {
                "\""
            } else {
                ""
            };
            // Writing to a String cannot fail.
            let _ = write!(value, ";{kind}={quote}{name}{quote}");
        }
        value
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let general = alternative.map(|extension| extension.value.general_names.as_slice());
    let named = general.unwrap_or_default().iter().filter_map(|name| {
        let (kind, name) = match name {
            GeneralName::URI(uri) => ("URI", uri),
            GeneralName::DNSName(name) => ("DNS", name),
            GeneralName::RFC822Name(address) => ("Email", address),
            _ => return None,
        };
        // What would need to be quoted within quotes is no name anybody issues in good faith.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        name.bytes().all(is_plain).then(|| format!("{kind}={name}"))
    });
    let mut room = NAMES_BYTES_MAX;
    named
        .take_while(|name| {
            let fits = name.len() <= room;
            room = room.saturating_sub(name.len());
            fits
        })
        .collect()
}

/// RFC 4514: the last part first, and what could be taken for its grammar escaped.
fn distinguished_name(name: &X509Name<'_>) -> String {
    let parts: Vec<_> = name.iter().collect();
    let parts = parts.iter().rev().map(|part| {
        let attributes: Vec<_> = part.iter().map(attribute).collect();
        attributes.join("+")
    });
    parts.collect::<Vec<_>>().join(",")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type();
    let kind = oid2abbrev(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned);
    let mut text = format!("{kind}=");
    for byte in attribute.as_slice() {
        let is_grammar = matches!(
            byte,
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' | b'=' | b'#'
        );
        // Writing to a String cannot fail.
        let _ = match byte {
            b' ' | b'!'..=b'~' if !is_grammar => write!(text, "{}", char::from(*byte)),
            byte => write!(text, "\\{byte:02X}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};

    fn identity(parts: &[(DnType, &str)], names: &[SanType]) -> ClientIdentity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in parts {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.subject_alt_names = names.to_vec();
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        ClientIdentity::of(certificate.der()).unwrap()
    }

    #[test]
    fn subject_and_names_are_told() {
        let uri = SanType::URI("spiffe://example.com/agent".try_into().unwrap());
        let dns = SanType::DnsName("agent.example.com".try_into().unwrap());
        let parts = [
            (DnType::OrganizationName, "Example"),
            (DnType::CommonName, "agent 7"),
        ];
        let found = identity(&parts, &[uri, dns]);
        assert_eq!(found.subject, "CN=agent 7,O=Example");
        assert_eq!(
            found.names,
            ["URI=spiffe://example.com/agent", "DNS=agent.example.com"]
        );
        let forwarded = found.forwarded();
        let (hash, rest) = forwarded.split_once(';').unwrap();
        assert_eq!(hash.len(), "Hash=".len() + 64);
        assert_eq!(
            rest,
            "Subject=\"CN=agent 7,O=Example\";URI=spiffe://example.com/agent;DNS=agent.example.com"
        );
    }

    #[test]
    fn a_name_cannot_pretend_to_be_two() {
        let forged = identity(
            &[(
                DnType::CommonName,
                "x\",O=Admin\";URI=spiffe://admin\r\nX: y, é",
            )],
            &[SanType::URI("a://b;c=d".try_into().unwrap())],
        );
        assert_eq!(
            forged.forwarded().split_once(';').unwrap().1,
            "Subject=\"CN=x\\22\\2CO\\3DAdmin\\22\\3BURI\\3Dspiffe://admin\\0D\\0AX: y\\2C \\C3\\A9\";URI=\"a://b;c=d\""
        );
    }
}
