//! The routes of one way: its metadata, its endpoint, and what is below it.

use propylon_config::{Deployment, HostHeader};

use super::cluster::is_enveloped;
use super::filters::ID;
use super::pages;
use super::word::{kind, silence, time};
use crate::quote::json;
use crate::spelling::escaped;
use crate::text::Text;
use crate::way::{RESOURCE_METADATA, Way, is_tagged};

/// Which of a way's paths a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The well-known path of the route.
    Metadata,
    /// The well-known path without one behind it.
    OnlyMetadata,
    /// What a browser asks before a page may send something.
    Preflight,
    /// The prefix alone.
    Endpoint,
    /// The prefix and more.
    Below,
}

/// A way, and the host it is on.
pub(super) struct Place<'p> {
    pub(super) deployment: &'p Deployment,
    pub(super) way: &'p Way<'p>,
    /// A further condition on the host, as a matcher of headers.
    pub(super) label: Option<String>,
}

const STICKY: &[&str] = &["session-scattered", "session-resumed-elsewhere"];

/// The route of that kind.
pub(super) fn write(place: &Place<'_>, kind: Kind, text: &mut Text) {
    let Some(matcher) = matcher(place, kind) else {
        return;
    };
    let practice = match kind {
        Kind::Metadata | Kind::OnlyMetadata => "auth-metadata-unreachable",
        Kind::Preflight => "cors-headers-hidden",
        Kind::Endpoint | Kind::Below => "endpoint-unrouted",
    };
    text.held(format!("- match: {{ {matcher} }}"), &[practice]);
    text.deeper(|text| {
        if kind == Kind::Preflight {
            pages::preflight(place.deployment, place.way, text);
            return;
        }
        text.line("route:");
        text.deeper(|text| action(place.way, kind, text));
        headers(place, kind, text);
        per_filter(place, kind, text);
    });
}

/// Which requests it takes; none of a kind that the way has no route for.
fn matcher(place: &Place<'_>, kind: Kind) -> Option<String> {
    let way = place.way;
    let mut headers: Vec<String> = place.label.iter().cloned().collect();
    let path = match kind {
        Kind::Metadata if way.prefix.is_empty() => {
            format!("prefix: {RESOURCE_METADATA}/")
        }
        Kind::Metadata => {
            format!("path_separated_prefix: {}", json(&way.metadata_prefix()))
        }
        Kind::OnlyMetadata => format!("path: {RESOURCE_METADATA}"),
        Kind::Preflight if way.route.cors.is_none() => return None,
        Kind::Preflight => {
            for name in ["origin", "access-control-request-method"] {
                headers.push(format!("{{ name: {name}, present_match: true }}"));
            }
            headers.push("{ name: \":method\", string_match: { exact: OPTIONS } }".to_owned());
            if way.prefix.is_empty() {
                "prefix: /".to_owned()
            } else {
                format!("path_separated_prefix: {}", json(way.prefix))
            }
        }
        Kind::Endpoint => {
            let pattern = json(&format!("{}/?", escaped(way.prefix)));
            format!("safe_regex: {{ regex: {pattern} }}")
        }
        Kind::Below => format!("prefix: {}", json(&format!("{}/", way.prefix))),
    };
    Some(match headers.as_slice() {
        [] => path,
        all => format!("{path}, headers: [{}]", all.join(", ")),
    })
}

fn action(way: &Way<'_>, kind: Kind, text: &mut Text) {
    let upstream = way.upstream;
    text.line(format!("cluster: {}", upstream.name));
    let held = &["response-timeout-short", "idle-timeout-short"];
    text.held("timeout: 0s", held);
    text.held(format!("idle_timeout: {}", time(silence(upstream))), held);
    let stream = time(upstream.timeouts.stream);
    text.line(format!(
        "max_stream_duration: {{ max_stream_duration: {stream} }}"
    ));
    rewrite(way, kind, text);
    match &upstream.host {
        HostHeader::Keep => {}
        HostHeader::Fixed(host) => text.line(format!("host_rewrite_literal: {}", json(host))),
        HostHeader::Upstream => text.line("auto_host_rewrite: true"),
    }
}

/// What the path is on the instance.
fn rewrite(way: &Way<'_>, kind: Kind, text: &mut Text) {
    match kind {
        // The prefix alone, with and without a slash, is the endpoint: no server has to redirect one to the other.
        Kind::Endpoint => {
            let pattern = json(&format!("^{}/?$", escaped(way.prefix)));
            let to = json(&way.endpoint.replace('\\', "\\\\"));
            text.held(
                format!("regex_rewrite: {{ pattern: {{ regex: {pattern} }}, substitution: {to} }}"),
                &["redirect-drops-body"],
            );
        }
        Kind::Below if way.is_rewritten() => {
            let to = json(&format!("{}/", way.base));
            text.line(format!("prefix_rewrite: {to}"));
        }
        Kind::Metadata if way.is_rewritten() => {
            let slash = if way.prefix.is_empty() { "/" } else { "" };
            let to = json(&format!("{}{slash}", way.metadata_base()));
            text.held(
                format!("prefix_rewrite: {to}"),
                &["auth-metadata-unreachable"],
            );
        }
        Kind::Below | Kind::Metadata | Kind::OnlyMetadata | Kind::Preflight => {}
    }
}

/// The tag of a session's instance, and what browsers are told.
fn headers(place: &Place<'_>, kind: Kind, text: &mut Text) {
    let is_metadata = matches!(kind, Kind::Metadata | Kind::OnlyMetadata);
    let is_tagged = is_tagged(place.way.upstream) && !is_metadata;
    let tells_pages = place.way.route.cors.is_some() && !is_metadata;
    if is_tagged {
        text.line("request_headers_to_add:");
        text.deeper(|text| {
            text.held(
                format!("- {{ header: {{ key: mcp-session-id, value: \"%DYNAMIC_METADATA({ID})%\" }}, append_action: OVERWRITE_IF_EXISTS }}"),
                STICKY,
            );
        });
    }
    if tells_pages {
        text.line("response_headers_to_remove: [access-control-allow-credentials]");
    }
    if is_tagged || tells_pages {
        text.line("response_headers_to_add:");
    }
    text.deeper(|text| {
        if is_tagged {
            text.held(
                "- { header: { key: mcp-session-id, value: \"%UPSTREAM_METADATA(envoy.lb:tag)%~%RESP(mcp-session-id)%\" }, append_action: OVERWRITE_IF_EXISTS }",
                STICKY,
            );
        }
        if tells_pages {
            pages::answers(place.deployment, place.way, text);
        }
    });
}

fn per_filter(place: &Place<'_>, kind: Kind, text: &mut Text) {
    let is_metadata = matches!(kind, Kind::Metadata | Kind::OnlyMetadata);
    let refuses = !is_metadata && pages::refuses(place.deployment, place.way);
    let is_enveloped = is_enveloped(place.way.upstream);
    if !refuses && !is_enveloped {
        return;
    }
    text.line("typed_per_filter_config:");
    text.deeper(|text| {
        if refuses {
            pages::refusal(place.deployment, place.way, text);
        }
        if is_enveloped {
            envelope(text);
        }
    });
}

/// For instances found by a name, which no word can stand for: the id carries the address.
fn envelope(text: &mut Text) {
    text.line("envoy.filters.http.stateful_session:");
    text.deeper(|text| {
        text.line(kind(
            "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute",
        ));
        text.line("stateful_session:");
        text.deeper(|text| {
            text.line("session_state:");
            text.deeper(|text| {
                text.line("name: envoy.http.stateful_session.envelope");
                text.line("typed_config:");
                text.deeper(|text| {
                    text.line(kind(
                        "envoy.extensions.http.stateful_session.envelope.v3.EnvelopeSessionState",
                    ));
                    text.held("header: { name: mcp-session-id }", STICKY);
                });
            });
        });
    });
}
