//! TLS towards clients, and towards instances, which are always verified.

use propylon_config::{Deployment, ListenerTls, TlsVersion, Upstream};

use super::word::quoted;
use crate::text::Text;
use crate::way::instances;

/// Where the roots of most systems are.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What all listeners that speak TLS show: nginx knows certificates by `server`, not by address.
pub(super) fn shown(deployment: &Deployment) -> Option<&ListenerTls> {
    let mut all = deployment.listeners.iter();
    all.find_map(|listener| listener.tls.as_ref())
}

/// The certificates and versions of a `server`.
pub(super) fn downstream(deployment: &Deployment, text: &mut Text) {
    let Some(tls) = shown(deployment) else {
        return;
    };
    for files in &tls.certificates {
        let certificate = quoted(&files.certificate.to_string_lossy());
        let key = quoted(&files.key.to_string_lossy());
        text.held(
            format!("ssl_certificate {certificate};"),
            &["tls-certificate"],
        );
        text.line(format!("ssl_certificate_key {key};"));
    }
    let versions = match tls.min_version {
        TlsVersion::Tls12 => "TLSv1.2 TLSv1.3",
        TlsVersion::Tls13 => "TLSv1.3",
    };
    text.held(format!("ssl_protocols {versions};"), &["tls-old-version"]);
    if let Some(client) = &tls.client {
        let ca = quoted(&client.ca.to_string_lossy());
        text.line(format!("ssl_client_certificate {ca};"));
        let verify = if client.is_optional { "optional" } else { "on" };
        text.line(format!("ssl_verify_client {verify};"));
        if let Some(lists) = &client.crl {
            text.line(format!("ssl_crl {};", quoted(&lists.to_string_lossy())));
        }
    }
}

/// How the instances of an upstream are verified.
pub(super) fn upstream(upstream: &Upstream, text: &mut Text) {
    let verified = &["tls-upstream-unverified"];
    let tls = &upstream.tls;
    text.held("proxy_ssl_verify on;", verified);
    let roots = tls.ca.as_ref().map(|ca| ca.to_string_lossy().into_owned());
    let roots = quoted(roots.as_deref().unwrap_or(SYSTEM_ROOTS));
    text.held(format!("proxy_ssl_trusted_certificate {roots};"), verified);
    if let Some(lists) = &tls.crl {
        let lists = quoted(&lists.to_string_lossy());
        text.held(format!("proxy_ssl_crl {lists};"), verified);
    }
    text.held("proxy_ssl_server_name on;", verified);
    let host = instances(upstream)
        .first()
        .map(|instance| instance.url.host.to_string());
    if let Some(name) = tls.server_name.clone().or(host) {
        text.held(format!("proxy_ssl_name {name};"), verified);
    }
    if let Some(own) = &tls.client {
        let certificate = quoted(&own.certificate.to_string_lossy());
        text.line(format!("proxy_ssl_certificate {certificate};"));
        let key = quoted(&own.key.to_string_lossy());
        text.line(format!("proxy_ssl_certificate_key {key};"));
    }
}
