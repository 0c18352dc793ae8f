//! The certificates that listeners show, and the versions they speak.

use propylon_config::{Deployment, TlsVersion};

use crate::quote::json;
use crate::text::Text;

/// The section `tls` of dynamic.yml.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    let all = deployment
        .listeners
        .iter()
        .filter_map(|listener| listener.tls.as_ref());
    let all: Vec<_> = all.collect();
    let Some(first) = all.first().and_then(|tls| tls.certificates.first()) else {
        return;
    };
    let pair = |files: &propylon_config::CertificateFiles| {
        let certificate = json(&files.certificate.to_string_lossy());
        let key = json(&files.key.to_string_lossy());
        format!("{{ certFile: {certificate}, keyFile: {key} }}")
    };
    text.blank();
    text.line("tls:");
    text.deeper(|text| {
        text.line("certificates:");
        text.deeper(|text| {
            for files in all.iter().flat_map(|tls| &tls.certificates) {
                text.line(format!("- {}", pair(files)));
            }
        });
        text.why("For clients that name no host, or an unknown one.");
        text.line(format!(
            "stores: {{ default: {{ defaultCertificate: {} }} }}",
            pair(first)
        ));
        let least = all.iter().map(|tls| tls.min_version).max();
        let word = match least.unwrap_or_default() {
            TlsVersion::Tls12 => "VersionTLS12",
            TlsVersion::Tls13 => "VersionTLS13",
        };
        let client = all.iter().find_map(|tls| tls.client.as_ref());
        let client = client.map_or_else(String::new, |client| {
            let ca = json(&client.ca.to_string_lossy());
            let kind = if client.is_optional {
                "VerifyClientCertIfGiven"
            } else {
                "RequireAndVerifyClientCert"
            };
            format!(", clientAuth: {{ caFiles: [{ca}], clientAuthType: {kind} }}")
        });
        text.held(
            format!("options: {{ default: {{ minVersion: {word}{client} }} }}"),
            &["tls-old-version"],
        );
    });
}
