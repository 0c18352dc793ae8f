//! The propylon.yaml of the Pods: what the description says, with the addresses and files of a cluster.

use std::time::Duration;

use propylon_config::{
    AccessLog, AffinityBy, Cache, ClientTimeouts, Deployment, Discovery, Endpoints, Health,
    HostHeader, Limits, Log, LogFormat, Mirror, Pool, Route, TlsVersion, TraceContext, Upstream,
    UpstreamTimeouts, format_duration, format_size,
};

use super::plan::{ADMIN_PORT, HTTP_PORT, HTTPS_PORT, Plan, Planned, is_sealed};
use crate::quote::{json, json_list};
use crate::text::Text;

pub(super) fn write(text: &mut Text, plan: &Plan<'_>) {
    let deployment = plan.deployment;
    listeners(text, plan);
    text.line("routes:");
    text.deeper(|text| deployment.routes.iter().for_each(|one| route(text, one)));
    text.line("upstreams:");
    text.deeper(|text| plan.upstreams.iter().for_each(|one| upstream(text, one)));
    times(text, deployment);
    limits(text, &deployment.limits);
    if !deployment.trusted_proxies.is_empty() {
        let networks: Vec<String> = deployment
            .trusted_proxies
            .iter()
            .map(ToString::to_string)
            .collect();
        text.held(
            format!("trusted_proxies: {}", json_list(&networks)),
            &["forwarded-spoofable"],
        );
    }
    if deployment.trace_context == TraceContext::Off {
        text.line("trace_context: off");
    }
    log(text, &deployment.log);
    text.why("Probes and metrics come from outside the Pod; the NetworkPolicy says from where.");
    text.held(
        format!("admin: {{ address: \"0.0.0.0:{ADMIN_PORT}\" }}"),
        &["health-missing"],
    );
    text.why("Below terminationGracePeriodSeconds of the Deployment.");
    text.held(
        format!("drain: {}", format_duration(deployment.drain)),
        &["drain-cuts-streams"],
    );
    if let Some(workers) = deployment.workers {
        text.line(format!("workers: {workers}"));
    }
}

fn listeners(text: &mut Text, plan: &Plan<'_>) {
    let first = plan.deployment.listeners.first();
    let health = first.map_or("off".to_owned(), |listener| {
        listener.health.as_deref().map_or("off".to_owned(), json)
    });
    text.line("listeners:");
    text.deeper(|text| {
        text.line(format!(
            "- {{ address: \"0.0.0.0:{HTTP_PORT}\", health: {health} }}"
        ));
        let Some(tls) = plan.tls else {
            return;
        };
        let version = match tls.min_version {
            TlsVersion::Tls12 => "1.2",
            TlsVersion::Tls13 => "1.3",
        };
        text.line(format!("- address: \"0.0.0.0:{HTTPS_PORT}\""));
        text.deeper(|text| {
            text.line(format!("health: {health}"));
            text.line("tls:");
            text.deeper(|text| {
                text.line(format!("min_version: {version}"));
                if let Some(age) = tls.hsts {
                    text.line(format!("hsts: {}", format_duration(age)));
                }
                text.line("certificates:");
                text.deeper(|text| {
                    for number in 1..=tls.certificates.len() {
                        let folder = format!("/etc/propylon/tls/{number}");
                        text.line(format!(
                            "- {{ certificate: {folder}/tls.crt, key: {folder}/tls.key }}"
                        ));
                    }
                });
            });
        });
    });
}

fn route(text: &mut Text, route: &Route) {
    text.line(format!("- path: {}", json(&route.path)));
    text.deeper(|text| {
        if let Some(host) = &route.host {
            text.line(format!("host: {}", json(host)));
        }
        text.line(format!("upstream: {}", json(&route.upstream)));
        if let Some(cors) = &route.cors {
            let origins: Vec<String> = cors.origins.iter().map(ToString::to_string).collect();
            let age = format_duration(cors.max_age);
            text.held(
                format!(
                    "cors: {{ origins: {}, max_age: {age} }}",
                    json_list(&origins)
                ),
                &["cors-headers-hidden", "origin-unchecked"],
            );
        }
        if route.rewrite_metadata {
            text.held("rewrite_metadata: true", &["auth-metadata-unreachable"]);
        }
    });
}

fn upstream(text: &mut Text, each: &Planned<'_>) {
    let upstream = each.upstream;
    text.line(format!("{}:", json(&upstream.name)));
    text.deeper(|text| {
        endpoints(text, each);
        match &upstream.host {
            HostHeader::Keep => {}
            HostHeader::Upstream => text.line("host: upstream"),
            HostHeader::Fixed(host) => text.line(format!("host: {}", json(host))),
        }
        if upstream.mirror == Mirror::Observe {
            text.line("mirror: observe");
        }
        affinity(text, upstream);
        if let Some(http2) = upstream.http2 {
            text.line(format!("http2: {http2}"));
        }
        if let Some(cache) = &upstream.cache {
            kept(text, cache);
        }
        upstream_times(text, upstream);
        if let Some(health) = &upstream.health {
            text.held(
                format!("health: {}", checks(health)),
                &["health-on-endpoint"],
            );
        }
        pool(text, &upstream.pool);
        tls(text, each);
    });
}

fn endpoints(text: &mut Text, each: &Planned<'_>) {
    let upstream = each.upstream;
    if let (Some(service), Some(first)) = (&each.service, upstream.endpoints.urls().first()) {
        text.why("Every ready Pod behind the headless Service.");
        let url = format!(
            "{}://{service}:{}{}",
            first.scheme.as_str(),
            each.port,
            upstream.endpoints.path()
        );
        text.line(format!("url: {}", json(&url)));
        text.held(
            "discover: dns",
            &["session-scattered", "dead-session-status"],
        );
        return;
    }
    let urls: Vec<String> = upstream
        .endpoints
        .urls()
        .iter()
        .map(ToString::to_string)
        .collect();
    match (&upstream.endpoints, urls.as_slice()) {
        (Endpoints::Discover { by, .. }, [url]) => {
            text.line(format!("url: {}", json(url)));
            text.line(match by {
                Discovery::Dns => "discover: dns",
                Discovery::Srv => "discover: srv",
            });
        }
        _ => text.line(format!("urls: {}", json_list(&urls))),
    }
}

fn affinity(text: &mut Text, upstream: &Upstream) {
    let affinity = &upstream.affinity;
    if affinity.by == AffinityBy::None {
        text.line("affinity: { by: none }");
        return;
    }
    debug_assert!(is_sealed(upstream));
    text.line("affinity:");
    text.deeper(|text| {
        text.line("by: session");
        text.why("The instance is in the session's id, so that replicas share nothing and a restart loses nothing.");
        text.held(
            "store: sealed",
            &["session-scattered", "session-resumed-elsewhere", "session-id-readable", "reload-forgets-sessions"],
        );
        text.line("key_file: /etc/propylon/seal/session.key");
        text.line(format!("ttl: {}", format_duration(affinity.ttl)));
        text.line(format!("entries_max: {}", affinity.entries_max));
        text.line(format!("bytes_max: {}", format_size(affinity.bytes_max)));
        if !upstream.lost_status.is_empty() {
            let statuses = upstream.lost_status.iter().map(ToString::to_string);
            let statuses: Vec<String> = statuses.collect();
            text.held(
                format!("lost_status: [{}]", statuses.join(", ")),
                &["dead-session-status"],
            );
        }
    });
}

fn kept(text: &mut Text, cache: &Cache) {
    let (bytes, entry) = (
        format_size(cache.bytes_max),
        format_size(cache.entry_bytes_max),
    );
    let (longest, wait) = (format_duration(cache.ttl_max), format_duration(cache.wait));
    text.line("cache:");
    text.deeper(|text| {
        text.line(format!("entries_max: {}", cache.entries_max));
        text.line(format!("bytes_max: {bytes}"));
        text.line(format!("entry_bytes_max: {entry}"));
        text.line(format!("ttl_max: {longest}"));
        text.line(format!("wait: {wait}"));
    });
}

fn upstream_times(text: &mut Text, upstream: &Upstream) {
    let (times, usual) = (&upstream.timeouts, UpstreamTimeouts::default());
    let times = unusual(&[
        ("connect", times.connect, usual.connect),
        ("response_head", times.response_head, usual.response_head),
        ("idle", times.idle, usual.idle),
        ("stream", times.stream, usual.stream),
        ("ping", times.ping, usual.ping),
    ]);
    if !times.is_empty() {
        text.line(format!("timeouts: {{ {} }}", times.join(", ")));
    }
    let keepalive = upstream.keepalive.map_or("off".to_owned(), format_duration);
    text.held(
        format!("keepalive: {keepalive}"),
        &["sse-keepalive-missing"],
    );
}

fn checks(health: &Health) -> String {
    format!(
        "{{ path: {}, interval: {}, timeout: {}, rise: {}, fall: {} }}",
        json(&health.path),
        format_duration(health.interval),
        format_duration(health.timeout),
        health.rise,
        health.fall
    )
}

fn pool(text: &mut Text, pool: &Pool) {
    if *pool != Pool::default() {
        text.held(
            format!(
                "pool: {{ idle: {}, idle_connections_max: {}, eject: {} }}",
                format_duration(pool.idle),
                pool.idle_connections_max,
                format_duration(pool.eject)
            ),
            &["keepalive-race"],
        );
    }
}

fn tls(text: &mut Text, each: &Planned<'_>) {
    let tls = &each.upstream.tls;
    let folder = &each.folder;
    let mut keys = Vec::new();
    if tls.ca.is_some() {
        keys.push(format!("ca: {folder}/ca.crt"));
    }
    if tls.crl.is_some() {
        keys.push(format!("crl: {folder}/ca.crl"));
    }
    if let Some(name) = &tls.server_name {
        keys.push(format!("server_name: {}", json(name)));
    }
    if !tls.pins.is_empty() {
        let pins: Vec<String> = tls.pins.iter().map(ToString::to_string).collect();
        keys.push(format!("pins: {}", json_list(&pins)));
    }
    if tls.client.is_some() {
        keys.push(format!(
            "certificate: {folder}/tls.crt, key: {folder}/tls.key"
        ));
    }
    if !keys.is_empty() {
        text.held(
            format!("tls: {{ {} }}", keys.join(", ")),
            &["tls-upstream-unverified"],
        );
    }
}

fn times(text: &mut Text, deployment: &Deployment) {
    let (times, usual) = (&deployment.timeouts, ClientTimeouts::default());
    let mut keys = unusual(&[
        ("header_read", times.header_read, usual.header_read),
        ("body_idle", times.body_idle, usual.body_idle),
        ("write_idle", times.write_idle, usual.write_idle),
    ]);
    keys.push(format!("keep_alive: {}", format_duration(times.keep_alive)));
    text.why(
        "keep_alive is above what the Gateway keeps idle connections for: see idle-timeout-order.",
    );
    text.held(
        format!("timeouts: {{ {} }}", keys.join(", ")),
        &["idle-timeout-order"],
    );
}

/// The keys whose values are not the defaults.
fn unusual(times: &[(&str, Duration, Duration)]) -> Vec<String> {
    let unusual = times.iter().filter(|(_, time, usual)| time != usual);
    unusual
        .map(|(key, time, _)| format!("{key}: {}", format_duration(*time)))
        .collect()
}

fn limits(text: &mut Text, limits: &Limits) {
    text.line("limits:");
    text.deeper(|text| {
        text.line(format!(
            "header_bytes: {}",
            format_size(limits.header_bytes)
        ));
        text.line(format!("header_count: {}", limits.header_count));
        text.held(
            format!("body_bytes: {}", format_size(limits.body_bytes)),
            &["body-limit-small"],
        );
        text.line(format!("peek_bytes: {}", format_size(limits.peek_bytes)));
        text.line(format!("annotated_tools: {}", limits.annotated_tools));
        text.line(format!("connections: {}", limits.connections));
        text.line(format!("control_frames: {}", limits.control_frames));
        text.held(
            format!("streams: {}", limits.streams),
            &["unbounded-streams"],
        );
        text.held(
            format!("streams_per_client: {}", limits.streams_per_client),
            &["unbounded-streams"],
        );
        let streams = limits.streams_per_connection;
        text.line(format!("streams_per_connection: {streams}"));
    });
}

fn log(text: &mut Text, log: &Log) {
    let access = match log.access {
        AccessLog::Off => "off",
        AccessLog::Stdout | AccessLog::File(_) => "stdout",
    };
    let format = match log.format {
        LogFormat::Json => "json",
        LogFormat::Pretty => "pretty",
    };
    let level = log.level.as_str();
    text.line(format!(
        "log: {{ access: {access}, format: {format}, level: {level} }}"
    ));
}
