//! The instances of one upstream, and how many requests they are given.

use propylon_config::{AffinityBy, Deployment, Endpoints, Scheme, Upstream, UrlHost};

use super::tls;
use super::word::{kind, signs_of_life, time};
use crate::quote::json;
use crate::text::Text;
use crate::way::{instances, is_tagged};

/// Whether sessions must find instances that have no word of their own.
pub(super) fn is_enveloped(upstream: &Upstream) -> bool {
    let is_discovered = matches!(upstream.endpoints, Endpoints::Discover { .. });
    is_discovered && upstream.affinity.by == AffinityBy::Session
}

/// The cluster of an upstream.
pub(super) fn write(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    text.line(format!("- name: {}", upstream.name));
    text.deeper(|text| {
        kind_of(deployment, upstream, text);
        text.held(
            format!("connect_timeout: {}", time(upstream.timeouts.connect)),
            &["connect-timeout-long"],
        );
        text.line("lb_policy: ROUND_ROBIN");
        if is_tagged(upstream) {
            text.line("lb_subset_config:");
            text.deeper(|text| {
                text.line("fallback_policy: ANY_ENDPOINT");
                text.held(
                    "subset_selectors: [{ keys: [tag] }]",
                    &["session-scattered", "session-resumed-elsewhere"],
                );
            });
        }
        connections(deployment, upstream, text);
        bounds(deployment, text);
        health(upstream, text);
        if is_https(upstream) {
            tls::upstream(upstream, text);
        }
        endpoints(upstream, text);
    });
}

/// How the addresses are found: written, or asked for again and again.
fn kind_of(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    let urls = upstream.endpoints.urls();
    if urls.iter().all(|url| matches!(url.host, UrlHost::Ip(_))) {
        text.line("type: STATIC");
        return;
    }
    text.line("type: STRICT_DNS");
    text.line("dns_lookup_family: ALL");
    if deployment.resolver_servers.is_empty() {
        return;
    }
    text.line("typed_dns_resolver_config:");
    text.deeper(|text| {
        text.line("name: envoy.network.dns_resolver.cares");
        text.line("typed_config:");
        text.deeper(|text| {
            text.line(kind(
                "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
            ));
            let servers = deployment
                .resolver_servers
                .iter()
                .map(super::listener::address);
            let servers: Vec<String> = servers.collect();
            text.line(format!("resolvers: [{}]", servers.join(", ")));
        });
    });
}

fn connections(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    let pool = &upstream.pool;
    text.line("typed_extension_protocol_options:");
    text.deeper(|text| {
        text.line("envoy.extensions.upstreams.http.v3.HttpProtocolOptions:");
        text.deeper(|text| {
            text.line(kind(
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            ));
            text.line("common_http_protocol_options:");
            text.deeper(|text| {
                text.held(
                    format!("idle_timeout: {}", time(pool.idle)),
                    &["keepalive-race"],
                );
                if pool.idle_connections_max == 0 {
                    text.line("max_requests_per_connection: 1");
                }
                let headers = deployment.limits.header_count;
                text.line(format!("max_headers_count: {headers}"));
            });
            text.line(protocols(upstream));
        });
    });
}

/// HTTP/2 where it is asked for: agreed to over TLS, taken for granted without.
fn protocols(upstream: &Upstream) -> String {
    if upstream.http2 != Some(true) {
        return "explicit_http_config: { http_protocol_options: {} }".to_owned();
    }
    let http2 = format!(
        "http2_protocol_options: {{ {} }}",
        signs_of_life(upstream.timeouts.ping)
    );
    if is_https(upstream) {
        return format!("auto_config: {{ http_protocol_options: {{}}, {http2} }}");
    }
    format!("explicit_http_config: {{ {http2} }}")
}

fn is_https(upstream: &Upstream) -> bool {
    let first = upstream.endpoints.urls().first();
    first.is_some_and(|url| url.scheme == Scheme::Https)
}

/// What is in the air at once; an open stream counts.
fn bounds(deployment: &Deployment, text: &mut Text) {
    let most = deployment.limits.streams;
    text.line("circuit_breakers:");
    text.deeper(|text| {
        text.line("thresholds:");
        text.deeper(|text| {
            text.held(
                format!("- {{ max_connections: {most}, max_pending_requests: {most}, max_requests: {most}, max_retries: {most} }}"),
                &["http2-stream-limit", "unbounded-streams"],
            );
        });
    });
}

fn health(upstream: &Upstream, text: &mut Text) {
    let Some(health) = &upstream.health else {
        return;
    };
    text.line("health_checks:");
    text.deeper(|text| {
        text.line(format!("- timeout: {}", time(health.timeout)));
        text.deeper(|text| {
            text.line(format!("interval: {}", time(health.interval)));
            text.why("60 s otherwise, until the first request.");
            text.line(format!("no_traffic_interval: {}", time(health.interval)));
            text.line(format!("unhealthy_threshold: {}", health.fall));
            text.line(format!("healthy_threshold: {}", health.rise));
            text.held(
                format!("http_health_check: {{ path: {} }}", json(&health.path)),
                &["health-on-endpoint"],
            );
        });
    });
}

fn endpoints(upstream: &Upstream, text: &mut Text) {
    text.line("load_assignment:");
    text.deeper(|text| {
        text.line(format!("cluster_name: {}", upstream.name));
        text.line("endpoints:");
        text.deeper(|text| {
            text.line("- lb_endpoints:");
            text.deeper(|text| {
                text.deeper(|text| {
                    for instance in instances(upstream) {
                        let url = instance.url;
                        let host = url.host.to_string();
                        let address = host.trim_matches(['[', ']']);
                        let (address, port) = (json(address), url.port);
                        let hostname = json(&url.authority());
                        let mut line = format!("- {{ endpoint: {{ hostname: {hostname}, address: {{ socket_address: {{ address: {address}, port_value: {port} }} }} }}");
                        if is_tagged(upstream) {
                            let tag = instance.tag;
                            line.push_str(&format!(", metadata: {{ filter_metadata: {{ envoy.lb: {{ tag: {} }} }} }}", json(&tag)));
                        }
                        text.line(line + " }");
                    }
                });
            });
        });
    });
}
