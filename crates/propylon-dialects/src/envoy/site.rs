//! The routes of every host, in the order in which they are tried.

use propylon_config::Deployment;

use super::route::{self, Kind, Place};
use super::word::kind;
use crate::quote::{json, json_list};
use crate::refusal;
use crate::spelling::{health_paths, host_pattern};
use crate::text::Text;
use crate::way::{Site, has_several, sites};

/// The one table of routes.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    text.line("name: mcp");
    text.line("ignore_port_in_host_matching: true");
    text.line("request_headers_to_add:");
    text.deeper(senders);
    let mut tls = deployment
        .listeners
        .iter()
        .filter_map(|listener| listener.tls.as_ref());
    if let Some(hsts) = tls.find_map(|tls| tls.hsts) {
        let seconds = hsts.as_secs();
        text.why("Browsers pass over it where it comes in the clear.");
        text.line(format!("response_headers_to_add: [{{ header: {{ key: strict-transport-security, value: \"max-age={seconds}\" }}, append_action: OVERWRITE_IF_EXISTS_OR_ADD }}]"));
    }
    text.line("virtual_hosts:");
    text.deeper(|text| {
        let sites = sites(deployment);
        for (number, site) in sites.iter().enumerate() {
            let domain = site.host.unwrap_or("*");
            host(&format!("site_{number}"), domain, text, |text| {
                write_site(deployment, site, text);
            });
            if site.ways.iter().any(|way| has_several(way.upstream)) {
                text.deeper(retries);
            }
        }
        if sites.iter().all(|site| site.host.is_some()) {
            host("others", "*", text, |text| health(deployment, None, text));
        }
    });
}

/// What instances are told of the client, and nothing of what it may have written itself.
fn senders(text: &mut Text) {
    let spoofable = &["forwarded-spoofable"];
    text.held(
        "- { header: { key: x-forwarded-host, value: \"%REQ(:authority)%\" }, append_action: ADD_IF_ABSENT }",
        spoofable,
    );
    for name in ["x-forwarded-for", "x-real-ip"] {
        text.held(
            format!("- {{ header: {{ key: {name}, value: \"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%\" }}, append_action: OVERWRITE_IF_EXISTS_OR_ADD }}"),
            spoofable,
        );
    }
}

fn host(name: &str, domain: &str, text: &mut Text, routes: impl FnOnce(&mut Text)) {
    text.line(format!("- name: {name}"));
    text.deeper(|text| {
        text.line(format!("domains: {}", json_list(&[domain])));
        text.line("routes:");
        text.deeper(routes);
    });
}

/// Another instance only where the connection failed.
fn retries(text: &mut Text) {
    text.why("Nothing has been sent where the connection failed.");
    text.line("retry_policy:");
    text.deeper(|text| {
        text.held(
            "retry_on: connect-failure",
            &["request-replayed", "dead-session-status"],
        );
        text.line("num_retries: 3");
        text.line("retry_host_predicate:");
        text.deeper(|text| {
            let own = kind("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate");
            text.line(format!("- {{ name: envoy.retry_host_predicates.previous_hosts, typed_config: {{ {own} }} }}"));
        });
        text.line("host_selection_retry_max_attempts: 5");
    });
}

fn write_site(deployment: &Deployment, site: &Site<'_>, text: &mut Text) {
    let label = one_label(site);
    too_large(deployment, text);
    let place = |way| Place {
        deployment,
        way,
        label: label.clone(),
    };
    for way in &site.ways {
        route::write(&place(way), Kind::Metadata, text);
    }
    if let Some(only) = site.only() {
        route::write(&place(only), Kind::OnlyMetadata, text);
    }
    for way in &site.ways {
        route::write(&place(way), Kind::Preflight, text);
        route::write(&place(way), Kind::Endpoint, text);
        route::write(&place(way), Kind::Below, text);
    }
    if site.ways.iter().all(|way| !way.prefix.is_empty()) {
        health(deployment, label.as_deref(), text);
    }
}

/// What narrows Envoy's own `*.`, which stands for any number of labels, to one.
fn one_label(site: &Site<'_>) -> Option<String> {
    let host = site.host.filter(|host| host.starts_with("*."))?;
    let pattern = host_pattern(host);
    let pattern = pattern.trim_end_matches('$');
    let pattern = json(&format!("{pattern}(:[0-9]+)?$"));
    Some(format!(
        "{{ name: \":authority\", string_match: {{ safe_regex: {{ regex: {pattern} }} }} }}"
    ))
}

/// A body whose length is too much; one in chunks has none.
fn too_large(deployment: &Deployment, text: &mut Text) {
    let first = deployment.limits.body_bytes.saturating_add(1);
    text.held(
        format!("- match: {{ prefix: /, headers: [{{ name: content-length, range_match: {{ start: {first}, end: 9223372036854775807 }} }}] }}"),
        &["body-limit-small"],
    );
    text.deeper(|text| {
        let body = refusal::own("413", "The request is too large");
        text.line(format!(
            "direct_response: {{ status: 413, body: {{ inline_string: {} }} }}",
            json(&body)
        ));
    });
}

/// Envoy's own answer where no route claims the path.
fn health(deployment: &Deployment, label: Option<&str>, text: &mut Text) {
    let paths = health_paths(deployment);
    for path in &paths {
        let headers = label.map_or_else(String::new, |label| format!(", headers: [{label}]"));
        text.line(format!("- match: {{ path: {}{headers} }}", json(path)));
        text.deeper(|text| {
            text.held(
                "direct_response: { status: 200, body: { inline_string: ok } }",
                &["health-missing"],
            );
        });
    }
    if paths.is_empty() {
        text.line("[]");
    }
}
