//! Reads what a listener and an upstream say of TLS.

use crate::kind::Kind;
use crate::model::tls::{
    CertificateFiles, ClientCertificates, ListenerTls, SpkiPin, TlsVersion, UpstreamTls,
};
use crate::problem::Problem;
use crate::section::{Refusal, Section};

/// The section `tls` of a listener; `None` where it has no certificate, which is reported.
pub(super) fn listener(section: Section<'_>) -> Option<ListenerTls> {
    let one = pair(&section);
    let more = match section.entry("certificates") {
        Some(_) => section.items("certificates"),
        None => Vec::new(),
    };
    let is_many = !more.is_empty();
    let mut certificates: Vec<_> = one.into_iter().collect();
    for item in more {
        certificates.extend(whole_pair(item));
    }
    let mut min_version = TlsVersion::default();
    section.choice("min_version", &mut min_version, |word| match word {
        "1.2" => Some(TlsVersion::Tls12),
        "1.3" => Some(TlsVersion::Tls13),
        _ => None,
    });
    let client = section.section("client").and_then(client);
    let mut hsts = None;
    section.duration_or_off("hsts", &mut hsts);
    let is_issued = section.entry("acme").is_some();
    let acme = section.section("acme").and_then(super::acme::acme);
    let is_unwritten = section.entry("certificate").is_none() && section.entry("key").is_none();
    if certificates.is_empty() && !is_many && is_unwritten && !is_issued {
        let problem = Problem::error(&section.path.shown, "there is no certificate")
            .at(section.position)
            .expected("`certificate` and `key`, a list of such pairs as `certificates`, or `acme`");
        let example = "write `tls: { certificate: server.pem, key: server.key }`";
        section.report.add(problem.suggest(example));
    }
    section.finish();
    (!certificates.is_empty() || acme.is_some()).then_some(ListenerTls {
        certificates,
        acme,
        min_version,
        client,
        hsts,
    })
}

/// The section `client` of a listener's TLS.
fn client(section: Section<'_>) -> Option<ClientCertificates> {
    let ca = section.read_file("ca");
    if section.entry("ca").is_none() {
        section.missing("ca");
    }
    let crl = section.read_file("crl").map(|crl| crl.value);
    let mut is_optional = false;
    section.choice("verify", &mut is_optional, |word| match word {
        "required" => Some(false),
        "optional" => Some(true),
        _ => None,
    });
    section.finish();
    Some(ClientCertificates {
        ca: ca?.value,
        crl,
        is_optional,
    })
}

/// The section `tls` of an upstream.
pub(super) fn upstream(section: Section<'_>) -> UpstreamTls {
    let pins = section.read_list("pins", pin).unwrap_or_default();
    let crl = section.read_file("crl");
    if let Some(crl) = crl
        .as_ref()
        .filter(|_| !pins.is_empty() && section.entry("ca").is_none())
    {
        let problem = Problem::error(
            &crl.key,
            "by pins alone nobody's issuer is looked at, nor its list",
        )
        .at(crl.position);
        section
            .report
            .add(problem.suggest("name the issuer's root with `ca`, or remove `crl`"));
    }
    let tls = UpstreamTls {
        ca: section.read_file("ca").map(|ca| ca.value),
        crl: crl.map(|crl| crl.value),
        server_name: section
            .read("server_name", server_name)
            .map(|name| name.value),
        pins: pins.into_iter().map(|pin| pin.value).collect(),
        client: pair(&section),
    };
    section.finish();
    tls
}

fn whole_pair(section: Section<'_>) -> Option<CertificateFiles> {
    for key in ["certificate", "key"] {
        if section.entry(key).is_none() {
            section.missing(key);
        }
    }
    let files = Some(CertificateFiles {
        certificate: section.read_file("certificate")?.value,
        key: section.read_file("key")?.value,
    });
    section.finish();
    files
}

/// `certificate` and `key`, both or none.
fn pair(section: &Section<'_>) -> Option<CertificateFiles> {
    let (certificate, key) = (section.read_file("certificate"), section.read_file("key"));
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(CertificateFiles {
            certificate: certificate.value,
            key: key.value,
        }),
        (None, None) => None,
        (Some(_), None) => {
            section.missing("key");
            None
        }
        (None, Some(_)) => {
            section.missing("certificate");
            None
        }
    }
}

fn server_name(text: &str, kind: Kind) -> Result<String, Refusal> {
    if text.starts_with("*.") {
        return Err(Refusal::default().suggest("write the one name the certificate has to have"));
    }
    super::word::host(text, kind)
}

fn pin(text: &str, _: Kind) -> Result<SpkiPin, Refusal> {
    text.parse().map_err(|invalid| {
        Refusal::because(format!("`{text}` is not a pin: {invalid}")).suggest(
            "openssl x509 -in server.pem -pubkey -noout | openssl pkey -pubin -outform der | \
             openssl dgst -sha256 -binary | base64",
        )
    })
}
