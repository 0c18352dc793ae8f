//! The instances of one upstream, and how sessions find theirs: snippets that the sites import.

use propylon_config::{
    AffinityBy, Deployment, Discovery, Endpoints, HostHeader, Scheme, Upstream, UpstreamUrl,
};

use super::word::quoted;
use crate::spelling::time;
use crate::text::Text;
use crate::way::{Instance, has_several, instances, is_tagged};

const STICKY: &[&str] = &["session-scattered", "session-resumed-elsewhere"];

/// Both snippets: how an exchange is passed on, and which instance it goes to.
pub(super) fn write(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    let name = &upstream.name;
    text.block(&format!("(exchange_{name}) {{"), "}", |text| {
        headers(upstream, text);
        text.block("transport http {", "}", |text| {
            transport(deployment, upstream, text);
        });
    });
    text.blank();
    text.block(&format!("(to_{name}) {{"), "}", |text| {
        if is_tagged(upstream) {
            tags(upstream, text);
        }
        any(deployment, upstream, text);
    });
}

/// What the instance is told, beside the scheme and the host that Caddy writes itself. Of a trusted proxy's list Caddy
/// would pass what the client wrote into it too.
fn headers(upstream: &Upstream, text: &mut Text) {
    let spoofable = &["forwarded-spoofable"];
    text.held("header_up -Forwarded", spoofable);
    text.held("header_up X-Forwarded-For {client_ip}", spoofable);
    text.held("header_up X-Real-IP {client_ip}", spoofable);
    let host = match &upstream.host {
        HostHeader::Keep => "{hostport}".to_owned(),
        HostHeader::Upstream => "{upstream_hostport}".to_owned(),
        HostHeader::Fixed(host) => quoted(host),
    };
    // Over TLS Caddy would send the instance's name.
    if upstream.host != HostHeader::Keep || is_https(upstream) {
        text.held(format!("header_up Host {host}"), &["host-rewritten"]);
    }
}

fn transport(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    let (timeouts, pool) = (&upstream.timeouts, &upstream.pool);
    text.held(
        format!("dial_timeout {}", time(timeouts.connect)),
        &["connect-timeout-long"],
    );
    text.held(
        format!("response_header_timeout {}", time(timeouts.response_head)),
        &["response-timeout-short"],
    );
    text.held(
        format!(
            "read_timeout {}",
            time(timeouts.idle.max(timeouts.response_head))
        ),
        &["idle-timeout-short"],
    );
    if pool.idle_connections_max == 0 {
        text.held("keepalive off", &["keepalive-race"]);
    } else {
        text.held(
            format!("keepalive {}", time(pool.idle)),
            &["keepalive-race"],
        );
        let idle = pool.idle_connections_max;
        text.line(format!("keepalive_idle_conns_per_host {idle}"));
    }
    text.why("Without it Caddy asks for gzip where the client did not.");
    text.held("compression off", &["sse-compressed", "body-altered"]);
    text.line(match (upstream.http2, is_https(upstream)) {
        (Some(true), true) => "versions 1.1 2",
        (Some(true), false) => "versions h2c 2",
        (Some(false) | None, _) => "versions 1.1",
    });
    if !deployment.resolver_servers.is_empty() {
        let servers = deployment.resolver_servers.iter().map(ToString::to_string);
        text.line(format!(
            "resolvers {}",
            servers.collect::<Vec<_>>().join(" ")
        ));
    }
    if is_https(upstream) {
        tls(upstream, text);
    }
}

fn tls(upstream: &Upstream, text: &mut Text) {
    let verified = &["tls-upstream-unverified"];
    text.line("tls");
    if let Some(ca) = &upstream.tls.ca {
        let ca = quoted(&ca.to_string_lossy());
        text.held(format!("tls_trust_pool file {ca}"), verified);
    }
    if let Some(name) = &upstream.tls.server_name {
        text.held(format!("tls_server_name {name}"), verified);
    }
    if let Some(own) = &upstream.tls.client {
        let certificate = quoted(&own.certificate.to_string_lossy());
        let key = quoted(&own.key.to_string_lossy());
        text.line(format!("tls_client_auth {certificate} {key}"));
    }
}

/// A way to each instance for the sessions that it made: clients see `a~id`, and the letter names the instance.
fn tags(upstream: &Upstream, text: &mut Text) {
    let name = &upstream.name;
    text.why("Caddy cannot learn ids. Each carries the instance that made it, in front.");
    for Instance { tag, url } in instances(upstream) {
        text.held(
            format!("@{tag} header_regexp session Mcp-Session-Id ^{tag}~(.+)$"),
            STICKY,
        );
        text.block(
            &format!("reverse_proxy @{tag} {} {{", address(url)),
            "}",
            |text| {
                text.line(format!("import exchange_{name}"));
                text.held("header_up Mcp-Session-Id {re.session.1}", STICKY);
                text.line(format!("header_down Mcp-Session-Id ^(.+)$ {tag}~$1"));
            },
        );
    }
    text.block(
        "map {http.reverse_proxy.upstream.hostport} {instance} {",
        "}",
        |text| {
            for Instance { tag, url } in instances(upstream) {
                text.line(format!("{}:{} {tag}", url.host, url.port));
            }
        },
    );
}

/// The way to any instance, for what is not held by one.
fn any(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    let name = &upstream.name;
    text.block("reverse_proxy {", "}", |text| {
        destinations(deployment, upstream, text);
        text.line(format!("import exchange_{name}"));
        if has_several(upstream) {
            balance(upstream, text);
        }
        health(upstream, text);
        if is_tagged(upstream) {
            text.held("header_down Mcp-Session-Id ^(.+)$ {instance}~$1", STICKY);
        }
    });
}

fn destinations(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    let Endpoints::Discover { url, by } = &upstream.endpoints else {
        let all: Vec<String> = instances(upstream)
            .iter()
            .map(|instance| address(instance.url))
            .collect();
        text.line(format!("to {}", all.join(" ")));
        return;
    };
    let kind = match by {
        Discovery::Dns => format!("a {} {}", url.host, url.port),
        Discovery::Srv => format!("srv {}", url.host),
    };
    text.block(&format!("dynamic {kind} {{"), "}", |text| {
        text.line("refresh 5s");
        if !deployment.resolver_servers.is_empty() {
            let servers = deployment.resolver_servers.iter().map(ToString::to_string);
            text.line(format!(
                "resolvers {}",
                servers.collect::<Vec<_>>().join(" ")
            ));
        }
    });
}

fn balance(upstream: &Upstream, text: &mut Text) {
    let is_hashed = upstream.affinity.by == AffinityBy::Session && !is_tagged(upstream);
    if is_hashed {
        text.held("lb_policy client_ip_hash", STICKY);
    } else {
        text.line("lb_policy round_robin");
    }
    text.why("Another instance only where the connection failed and nothing was sent.");
    text.held(
        format!("lb_retries {}", instances(upstream).len().max(3)),
        &["dead-session-status"],
    );
    text.line("lb_try_interval 0s");
    text.block("lb_retry_match {", "}", |text| {
        text.held("method NONE", &["request-replayed"]);
    });
}

fn health(upstream: &Upstream, text: &mut Text) {
    let Some(health) = &upstream.health else {
        return;
    };
    text.held(
        format!("health_uri {}", quoted(&health.path)),
        &["health-on-endpoint"],
    );
    text.line(format!("health_interval {}", time(health.interval)));
    text.line(format!("health_timeout {}", time(health.timeout)));
    text.line(format!("health_fails {}", health.fall));
    text.line(format!("health_passes {}", health.rise));
}

fn is_https(upstream: &Upstream) -> bool {
    let first = upstream.endpoints.urls().first();
    first.is_some_and(|url| url.scheme == Scheme::Https)
}

fn address(url: &UpstreamUrl) -> String {
    url.origin()
}
