//! The instances of each upstream, and how they are connected to.

use propylon_config::{Deployment, HostHeader, Upstream};

use crate::quote::{json, json_list};
use crate::spelling::time;
use crate::text::Text;
use crate::way::{instances, is_sticky};

/// Every service and its transport.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    text.line("services:");
    text.deeper(|text| {
        for upstream in deployment.upstreams.values() {
            text.line(format!("{}:", upstream.name));
            text.deeper(|text| {
                text.line("loadBalancer:");
                text.deeper(|text| balance(upstream, text));
            });
        }
    });
    text.blank();
    text.line("serversTransports:");
    text.deeper(|text| {
        for upstream in deployment.upstreams.values() {
            text.line(format!("{}:", upstream.name));
            text.deeper(|text| transport(upstream, text));
        }
    });
}

fn balance(upstream: &Upstream, text: &mut Text) {
    if is_sticky(upstream) {
        text.why("By the client's address: Traefik knows no other header, and clients of MCP keep no cookie.");
        text.held(
            "strategy: hrw",
            &["session-scattered", "session-resumed-elsewhere"],
        );
    }
    let keeps = upstream.host != HostHeader::Upstream;
    text.held(format!("passHostHeader: {keeps}"), &["host-rewritten"]);
    text.line(format!("serversTransport: {}", upstream.name));
    if let Some(health) = &upstream.health {
        let (path, interval, timeout) = (
            json(&health.path),
            time(health.interval),
            time(health.timeout),
        );
        text.held(
            format!("healthCheck: {{ path: {path}, interval: {interval}, timeout: {timeout}, followRedirects: false }}"),
            &["health-on-endpoint", "dead-session-status"],
        );
    }
    text.line("servers:");
    text.deeper(|text| {
        for instance in instances(upstream) {
            text.line(format!("- url: {}", json(&instance.url.origin())));
        }
    });
}

fn transport(upstream: &Upstream, text: &mut Text) {
    let (timeouts, pool) = (&upstream.timeouts, &upstream.pool);
    // Zero would be Traefik's default of two; below it none is kept.
    let idle = i64::try_from(pool.idle_connections_max).unwrap_or(i64::MAX);
    let idle = if idle == 0 { -1 } else { idle };
    text.line(format!("maxIdleConnsPerHost: {idle}"));
    text.line("disableHTTP2: true");
    tls(upstream, text);
    text.line("forwardingTimeouts:");
    text.deeper(|text| {
        text.held(
            format!("dialTimeout: {}", time(timeouts.connect)),
            &["connect-timeout-long"],
        );
        text.held(
            format!("responseHeaderTimeout: {}", time(timeouts.response_head)),
            &["response-timeout-short"],
        );
        text.held(
            format!("idleConnTimeout: {}", time(pool.idle)),
            &["keepalive-race"],
        );
    });
}

fn tls(upstream: &Upstream, text: &mut Text) {
    let verified = &["tls-upstream-unverified"];
    if let Some(name) = &upstream.tls.server_name {
        text.held(format!("serverName: {}", json(name)), verified);
    }
    if let Some(ca) = &upstream.tls.ca {
        text.held(
            format!("rootCAs: {}", json_list(&[ca.to_string_lossy()])),
            verified,
        );
    }
    if let Some(own) = &upstream.tls.client {
        let certificate = json(&own.certificate.to_string_lossy());
        let key = json(&own.key.to_string_lossy());
        text.line(format!(
            "certificates: [{{ certFile: {certificate}, keyFile: {key} }}]"
        ));
    }
}
