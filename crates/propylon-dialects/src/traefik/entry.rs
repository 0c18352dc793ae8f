//! traefik.yml: the listeners, their limits and times, and the logs.

use propylon_config::{AccessLog, Deployment, Level, Listener, LogFormat};

use crate::quote::{json, json_list};
use crate::spelling::{health_paths, time};
use crate::text::Text;

/// What is logged of a request.
const FIELDS: &[&str] = &[
    "StartUTC",
    "ClientHost",
    "RequestMethod",
    "RequestPath",
    "DownstreamStatus",
    "DownstreamContentSize",
    "Duration",
    "ServiceURL",
];

/// Everything in the file.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    text.why("Nothing is asked of, or told to, anybody on the internet.");
    text.line("global: { checkNewVersion: false, sendAnonymousUsage: false }");
    let level = level(deployment.log.level);
    text.line(format!(
        "log: {{ level: {level}, format: {} }}",
        format(deployment.log.format)
    ));
    access_log(deployment, text);
    if !health_paths(deployment).is_empty() {
        text.why("Its path is that of a router.");
        text.held("ping: { manualRouting: true }", &["health-missing"]);
    }
    text.blank();
    text.line("entryPoints:");
    text.deeper(|text| {
        for (number, listener) in deployment.listeners.iter().enumerate() {
            text.line(format!("listener{number}:"));
            text.deeper(|text| entry_point(deployment, listener, text));
        }
    });
    text.blank();
    text.line("providers:");
    text.deeper(|text| text.line("file: { filename: dynamic.yml, watch: true }"));
}

fn http2(deployment: &Deployment, text: &mut Text) {
    text.held(
        format!(
            "http2: {{ maxConcurrentStreams: {} }}",
            deployment.limits.streams_per_connection
        ),
        &["http2-stream-limit"],
    );
}

fn entry_point(deployment: &Deployment, listener: &Listener, text: &mut Text) {
    let timeouts = &deployment.timeouts;
    text.line(format!("address: \"{}\"", listener.address));
    text.line("transport:");
    text.deeper(|text| {
        text.held(
            format!("lifeCycle: {{ graceTimeOut: {} }}", time(deployment.drain)),
            &["drain-cuts-streams"],
        );
        text.line("respondingTimeouts:");
        text.deeper(|text| {
            text.why("These two count a whole request, and a whole answer.");
            text.held("readTimeout: 0s", &["body-limit-small"]);
            text.held(
                "writeTimeout: 0s",
                &["response-timeout-short", "idle-timeout-short"],
            );
            text.held(
                format!("idleTimeout: {}", time(timeouts.keep_alive)),
                &["idle-timeout-order"],
            );
        });
    });
    if !deployment.trusted_proxies.is_empty() {
        let networks = deployment.trusted_proxies.iter().map(ToString::to_string);
        let networks: Vec<String> = networks.collect();
        text.held(
            format!(
                "forwardedHeaders: {{ trustedIPs: {} }}",
                json_list(&networks)
            ),
            &["forwarded-spoofable"],
        );
    }
    if !listener.proxy_protocol.is_empty() {
        let networks = listener.proxy_protocol.iter().map(ToString::to_string);
        let networks: Vec<String> = networks.collect();
        text.held(
            format!("proxyProtocol: {{ trustedIPs: {} }}", json_list(&networks)),
            &["forwarded-spoofable"],
        );
    }
    http2(deployment, text);
    text.line("http:");
    text.deeper(|text| {
        text.held(
            format!("maxHeaderBytes: {}", deployment.limits.header_bytes),
            &["header-limit-small"],
        );
        text.held("aliasHeadersStrategy: keep", &["param-headers-lost"]);
        if let Some(tls) = &listener.tls {
            text.held("tls: {}", &["tls-certificate"]);
            if tls.hsts.is_some() {
                text.line("middlewares: [hsts@file]");
            }
        }
        if let Some(redirect) = listener.redirect {
            let port = redirect.port;
            text.held(
                format!("redirections: {{ entryPoint: {{ to: \":{port}\", scheme: https, permanent: true }} }}"),
                &["redirect-drops-body"],
            );
        }
    });
}

fn access_log(deployment: &Deployment, text: &mut Text) {
    let place = match &deployment.log.access {
        AccessLog::Off => return,
        AccessLog::Stdout => None,
        AccessLog::File(path) => Some(json(&path.to_string_lossy())),
    };
    text.line("accessLog:");
    text.deeper(|text| {
        if let Some(place) = place {
            text.line(format!("filePath: {place}"));
        }
        text.line("format: json");
        text.line("fields:");
        text.deeper(|text| {
            text.line("defaultMode: drop");
            let kept = FIELDS.iter().map(|name| format!("{name}: keep"));
            text.line(format!(
                "names: {{ {} }}",
                kept.collect::<Vec<_>>().join(", ")
            ));
            text.held(
                "headers: { defaultMode: drop }",
                &["log-credentials", "log-payload", "log-session-id"],
            );
            text.held(
                "queryParameters: { defaultMode: drop }",
                &["log-credentials"],
            );
        });
    });
}

fn format(format: LogFormat) -> &'static str {
    match format {
        LogFormat::Json => "json",
        LogFormat::Pretty => "common",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Warn => "WARN",
        Level::Info => "INFO",
        // Traefik's own DEBUG writes whole requests.
        Level::Debug | Level::Trace => "INFO",
    }
}
