//! What one host serves, in the order in which it is tried, and the addresses it is reached at.

use propylon_config::{ClientCertificates, Deployment, Listener, Redirect, TlsVersion};

use super::word::quoted;
use super::{log, way};
use crate::refusal;
use crate::spelling::health_paths;
use crate::text::Text;
use crate::way::{RESOURCE_METADATA, Site, is_tagged};

/// The snippet of a site.
pub(super) fn write(deployment: &Deployment, site: &Site<'_>, number: usize, text: &mut Text) {
    text.block(&format!("(site_{number}) {{"), "}", |text| {
        log::access(deployment, text);
        text.why("`route` keeps the order as written.");
        text.block("route {", "}", |text| {
            for way in &site.ways {
                way::metadata(way, text);
            }
            if let Some(only) = site.only() {
                text.block(&format!("route {RESOURCE_METADATA} {{"), "}", |text| {
                    let name = &only.upstream.name;
                    text.held(format!("import to_{name}"), &["auth-metadata-unreachable"]);
                });
            }
            for (number, one) in site.ways.iter().enumerate() {
                way::write(deployment, one, number, text);
            }
            health(deployment, text);
            text.held("respond 404", &["endpoint-unrouted"]);
        });
        errors(site, text);
    });
}

/// The snippet of hosts that no route names.
pub(super) fn write_others(deployment: &Deployment, number: usize, text: &mut Text) {
    text.block(&format!("(site_{number}) {{"), "}", |text| {
        text.block("route {", "}", |text| {
            health(deployment, text);
            text.line("respond 404");
        });
    });
}

/// Every site at every address that is listened on.
pub(super) fn listen(deployment: &Deployment, sites: &[Site<'_>], text: &mut Text) {
    let mut hosts: Vec<Option<&str>> = sites.iter().map(|site| site.host).collect();
    if !hosts.contains(&None) {
        hosts.push(None);
    }
    for listener in &deployment.listeners {
        for (number, host) in hosts.iter().enumerate() {
            text.blank();
            let scheme = if listener.tls.is_some() {
                "https"
            } else {
                "http"
            };
            let (host, port) = (host.unwrap_or(""), listener.address.port());
            text.block(&format!("{scheme}://{host}:{port} {{"), "}", |text| {
                text.line(format!("bind {}", listener.address.ip()));
                tls(listener, text);
                match listener.redirect {
                    None => text.line(format!("import site_{number}")),
                    Some(redirect) => elsewhere(redirect, text),
                }
            });
        }
    }
}

fn elsewhere(redirect: Redirect, text: &mut Text) {
    let port = match redirect.port {
        443 => String::new(),
        port => format!(":{port}"),
    };
    text.held(
        format!("redir https://{{host}}{port}{{uri}} 308"),
        &["redirect-drops-body"],
    );
}

fn tls(listener: &Listener, text: &mut Text) {
    let Some(tls) = &listener.tls else {
        return;
    };
    if let Some(hsts) = tls.hsts {
        let seconds = hsts.as_secs();
        text.line(format!(
            "header Strict-Transport-Security max-age={seconds}"
        ));
    }
    let version = match tls.min_version {
        TlsVersion::Tls12 => "tls1.2",
        TlsVersion::Tls13 => "tls1.3",
    };
    for files in &tls.certificates {
        let certificate = quoted(&files.certificate.to_string_lossy());
        let key = quoted(&files.key.to_string_lossy());
        text.block(&format!("tls {certificate} {key} {{"), "}", |text| {
            text.held(format!("protocols {version}"), &["tls-old-version"]);
            if let Some(client) = &tls.client {
                shown_by_clients(client, text);
            }
        });
    }
}

fn shown_by_clients(client: &ClientCertificates, text: &mut Text) {
    let mode = if client.is_optional {
        "verify_if_given"
    } else {
        "require_and_verify"
    };
    text.block("client_auth {", "}", |text| {
        text.line(format!("mode {mode}"));
        text.line(format!(
            "trust_pool file {}",
            quoted(&client.ca.to_string_lossy())
        ));
    });
}

/// Caddy's own answer where no route claims the path.
fn health(deployment: &Deployment, text: &mut Text) {
    let paths: Vec<String> = health_paths(deployment)
        .iter()
        .map(|path| quoted(path))
        .collect();
    if paths.is_empty() {
        return;
    }
    text.line(format!("@health path {}", paths.join(" ")));
    text.held("respond @health ok 200", &["health-missing"]);
}

/// What clients are told when an instance cannot be reached.
fn errors(site: &Site<'_>, text: &mut Text) {
    let has_tags = site.ways.iter().any(|way| is_tagged(way.upstream));
    text.block("handle_errors {", "}", |text| {
        text.block("route {", "}", |text| {
            text.line("header Content-Type application/json");
            if has_tags {
                lost(text);
            }
            text.line("@unreachable vars {err.status_code} 502 503 504");
            text.line("header @unreachable Retry-After 5");
            let body = refusal::own("{err.status_code}", "{err.status_text}");
            text.line(format!("respond {} {{err.status_code}}", quoted(&body)));
        });
    });
}

fn lost(text: &mut Text) {
    text.why("An instance that refuses has ended, and its sessions with it.");
    text.block("@lost {", "}", |text| {
        text.line("header_regexp Mcp-Session-Id ^[a-z]+~.");
        text.held(
            "vars_regexp {err.message} connection.refused",
            &["dead-session-status"],
        );
    });
    text.line(format!(
        "respond @lost {} 404",
        quoted(refusal::SESSION_LOST)
    ));
}
