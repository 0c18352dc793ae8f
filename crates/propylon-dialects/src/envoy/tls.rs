//! TLS towards clients, and towards instances, which are always verified.

use std::path::PathBuf;

use propylon_config::{CertificateFiles, ListenerTls, TlsVersion, Upstream, UrlHost};

use super::word::kind;
use crate::quote::{json, json_list};
use crate::text::Text;
use crate::way::instances;

/// Where the roots of most systems are.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The socket of a listener.
pub(super) fn downstream(tls: &ListenerTls, http2: bool, text: &mut Text) {
    socket("DownstreamTlsContext", text, |text| {
        if let Some(client) = &tls.client {
            text.line(format!(
                "require_client_certificate: {}",
                !client.is_optional
            ));
        }
        text.line("common_tls_context:");
        text.deeper(|text| {
            let offered = if http2 { "h2, http/1.1" } else { "http/1.1" };
            text.line(format!("alpn_protocols: [{offered}]"));
            let least = match tls.min_version {
                TlsVersion::Tls12 => "TLSv1_2",
                TlsVersion::Tls13 => "TLSv1_3",
            };
            text.held(
                format!("tls_params: {{ tls_minimum_protocol_version: {least}, tls_maximum_protocol_version: TLSv1_3 }}"),
                &["tls-old-version"],
            );
            certificates(&tls.certificates, text);
            if let Some(client) = &tls.client {
                let ca = json(&client.ca.to_string_lossy());
                let crl = revoked(client.crl.as_ref());
                text.line(format!("validation_context: {{ trusted_ca: {{ filename: {ca} }}{crl} }}"));
            }
        });
    });
}

/// The lists of what has been revoked, behind the roots.
fn revoked(lists: Option<&PathBuf>) -> String {
    lists.map_or_else(String::new, |lists| {
        format!(", crl: {{ filename: {} }}", json(&lists.to_string_lossy()))
    })
}

/// The socket of a cluster.
pub(super) fn upstream(upstream: &Upstream, text: &mut Text) {
    let host = instances(upstream)
        .first()
        .map(|instance| &instance.url.host);
    let name = match (&upstream.tls.server_name, host) {
        (Some(name), _) => name.clone(),
        (None, Some(host)) => host.to_string(),
        (None, None) => String::new(),
    };
    let is_name = upstream.tls.server_name.is_some() || matches!(host, Some(UrlHost::Name(_)));
    let verified = &["tls-upstream-unverified"];
    socket("UpstreamTlsContext", text, |text| {
        if is_name {
            text.held(format!("sni: {}", json(&name)), verified);
        }
        text.line("common_tls_context:");
        text.deeper(|text| {
            text.line("tls_params: { tls_maximum_protocol_version: TLSv1_3 }");
            certificates(upstream.tls.client.as_slice(), text);
            text.line("validation_context:");
            text.deeper(|text| validation(upstream, &name, is_name, text));
        });
    });
}

/// By a root and a name; by pins alone where there are some and no root is written.
fn validation(upstream: &Upstream, name: &str, is_name: bool, text: &mut Text) {
    let verified = &["tls-upstream-unverified"];
    let tls = &upstream.tls;
    if !tls.pins.is_empty() {
        let pins = tls.pins.iter().map(ToString::to_string);
        let pins: Vec<String> = pins.map(|pin| pin.replace("sha256/", "")).collect();
        text.held(
            format!("verify_certificate_spki: {}", json_list(&pins)),
            verified,
        );
        if tls.ca.is_none() {
            return;
        }
    }
    let roots = tls.ca.as_ref().map(|ca| ca.to_string_lossy().into_owned());
    let roots = json(roots.as_deref().unwrap_or(SYSTEM_ROOTS));
    text.held(format!("trusted_ca: {{ filename: {roots} }}"), verified);
    if let Some(lists) = &tls.crl {
        let lists = json(&lists.to_string_lossy());
        text.held(format!("crl: {{ filename: {lists} }}"), verified);
    }
    let san = if is_name { "DNS" } else { "IP_ADDRESS" };
    let name = json(name.trim_matches(['[', ']']));
    text.held(
        format!(
            "match_typed_subject_alt_names: [{{ san_type: {san}, matcher: {{ exact: {name} }} }}]"
        ),
        verified,
    );
}

fn certificates(all: &[CertificateFiles], text: &mut Text) {
    if all.is_empty() {
        return;
    }
    text.line("tls_certificates:");
    text.deeper(|text| {
        for files in all {
            let certificate = json(&files.certificate.to_string_lossy());
            let key = json(&files.key.to_string_lossy());
            text.line(format!("- {{ certificate_chain: {{ filename: {certificate} }}, private_key: {{ filename: {key} }} }}"));
        }
    });
}

fn socket(context: &str, text: &mut Text, inside: impl FnOnce(&mut Text)) {
    text.line("transport_socket:");
    text.deeper(|text| {
        text.line("name: envoy.transport_sockets.tls");
        text.line("typed_config:");
        text.deeper(|text| {
            text.line(kind(&format!(
                "envoy.extensions.transport_sockets.tls.v3.{context}"
            )));
            inside(text);
        });
    });
}
