//! One `server` block: what clients of one host meet.

use propylon_config::Deployment;

use super::abilities::Abilities;
use super::word::{escaped, size, time};
use super::{location, log, tls};
use crate::text::Text;
use crate::way::Site;

/// The highest limit nginx takes.
const LIMIT_MAX: usize = 65_535;

/// The block of a site; `is_first` for the one that sets up the sockets.
pub(super) fn write(
    deployment: &Deployment,
    site: &Site<'_>,
    is_first: bool,
    abilities: Abilities,
    text: &mut Text,
) {
    text.block("server {", "}", |text| {
        listen(deployment, site, is_first, abilities, text);
        http2(deployment, abilities, text);
        tls::downstream(deployment, text);
        log::destination(deployment, text);
        text.blank();
        requests(deployment, text);
        text.blank();
        headers(deployment, text);
        text.blank();
        answers(text);
        text.blank();
        limits(deployment, text);
        health(deployment, site, text);
        for way in &site.ways {
            text.blank();
            location::write(deployment, way, abilities, text);
        }
        if let Some(only) = site.only() {
            location::write_only_metadata(deployment, only, abilities, text);
        }
        if site.ways.iter().all(|way| !way.prefix.is_empty()) {
            text.blank();
            text.block("location / {", "}", |text| text.line("return 404;"));
        }
        text.blank();
        busy(text);
    });
}

fn listen(
    deployment: &Deployment,
    site: &Site<'_>,
    is_first: bool,
    abilities: Abilities,
    text: &mut Text,
) {
    for listener in &deployment.listeners {
        let mut line = format!("listen {}", listener.address);
        if site.host.is_none() {
            line.push_str(" default_server");
        }
        if listener.tls.is_some() {
            line.push_str(" ssl");
            if listener.http2 && !abilities.switches_http2 {
                line.push_str(" http2");
            }
        }
        // Options of a socket may stand at one `listen` of its address only.
        if is_first {
            line.push_str(" so_keepalive=60s:15s:4");
        }
        text.line(format!("{line};"));
    }
    match site.host {
        None => text.line("server_name _;"),
        // nginx's own `*.` stands for any number of labels.
        Some(host) => match host.strip_prefix("*.") {
            Some(domain) => text.line(format!("server_name \"~^[^.]+\\.{}$\";", escaped(domain))),
            None => text.line(format!("server_name {host};")),
        },
    }
}

/// HTTP/2 beside HTTP/1.1. The switch is one for all addresses: without TLS, for clients that begin with it.
fn http2(deployment: &Deployment, abilities: Abilities, text: &mut Text) {
    if deployment.listeners.iter().all(|listener| !listener.http2) {
        return;
    }
    if abilities.switches_http2 {
        text.line("http2 on;");
    }
    let streams = deployment.limits.streams_per_connection;
    text.line(format!("http2_max_concurrent_streams {streams};"));
}

/// What is taken from clients, and how long is waited for it.
fn requests(deployment: &Deployment, text: &mut Text) {
    let (limits, timeouts) = (&deployment.limits, &deployment.timeouts);
    text.held("underscores_in_headers on;", &["param-headers-lost"]);
    text.held("ignore_invalid_headers off;", &["param-headers-lost"]);
    text.why("One header must fit into one buffer.");
    let buffer = (limits.header_bytes / 3).div_ceil(1024).max(32) * 1024;
    text.held(
        format!("large_client_header_buffers 4 {};", size(buffer)),
        &["header-limit-small"],
    );
    text.held(
        format!("client_max_body_size {};", size(limits.body_bytes)),
        &["body-limit-small"],
    );
    text.line(format!(
        "client_header_timeout {};",
        time(timeouts.header_read)
    ));
    text.line(format!("client_body_timeout {};", time(timeouts.body_idle)));
    text.why("Counts only while something waits to be sent: a quiet stream is not meant.");
    text.held(
        format!("send_timeout {};", time(timeouts.write_idle)),
        &["slow-reader-starves-others"],
    );
    text.held(
        format!("keepalive_timeout {};", time(timeouts.keep_alive)),
        &["idle-timeout-order"],
    );
    text.line("keepalive_requests 100000;");
}

/// What instances are told of the client; what it says of itself is not passed on.
fn headers(deployment: &Deployment, text: &mut Text) {
    let is_trusting = !deployment.trusted_proxies.is_empty();
    let (scheme, host) = if is_trusting {
        ("$mcp_scheme", "$mcp_outside_host")
    } else {
        ("$scheme", "$http_host")
    };
    for network in &deployment.trusted_proxies {
        text.line(format!("set_real_ip_from {network};"));
    }
    if is_trusting {
        text.line("real_ip_header X-Forwarded-For;");
        text.line("real_ip_recursive on;");
    }
    text.why("$host would drop the port.");
    text.line("set $mcp_host $http_host;");
    text.line("set $mcp_session $http_mcp_session_id;");
    text.held("proxy_set_header Host $mcp_host;", &["host-rewritten"]);
    text.line("proxy_set_header Mcp-Session-Id $mcp_session;");
    let spoofable = &["forwarded-spoofable"];
    text.held("proxy_set_header X-Forwarded-For $remote_addr;", spoofable);
    text.held(
        format!("proxy_set_header X-Forwarded-Proto {scheme};"),
        spoofable,
    );
    text.held(
        format!("proxy_set_header X-Forwarded-Host {host};"),
        spoofable,
    );
    text.held("proxy_set_header X-Real-IP $remote_addr;", spoofable);
    // With underscores allowed, some servers read these as the same headers.
    for name in [
        "Forwarded",
        "X_Forwarded_For",
        "X_Forwarded_Proto",
        "X_Forwarded_Host",
        "X_Real_IP",
    ] {
        text.held(format!("proxy_set_header {name} \"\";"), spoofable);
    }
}

/// How answers are passed on.
fn answers(text: &mut Text) {
    text.held(
        "proxy_http_version 1.1;",
        &["upstream-loss-hidden", "keepalive-race"],
    );
    text.line("proxy_set_header Connection \"\";");
    text.held(
        "proxy_buffering off;",
        &[
            "sse-buffered",
            "sse-head-withheld",
            "slow-reader-starves-others",
        ],
    );
    text.line("proxy_request_buffering off;");
    text.line("proxy_buffer_size 32k;");
    text.line("proxy_busy_buffers_size 32k;");
    text.line("proxy_buffers 8 32k;");
    text.held("proxy_cache off;", &["sse-cached"]);
    text.held("gzip off;", &["sse-compressed"]);
    text.held(
        "proxy_ignore_client_abort off;",
        &["disconnect-not-propagated"],
    );
    text.held("proxy_intercept_errors off;", &["error-body-replaced"]);
    text.line("proxy_redirect off;");
    text.why("Another instance only where the connection failed and nothing was sent.");
    text.held(
        "proxy_next_upstream error;",
        &["request-replayed", "dead-session-status"],
    );
}

fn limits(deployment: &Deployment, text: &mut Text) {
    let limits = &deployment.limits;
    for (zone, streams) in [
        ("mcp_clients", limits.streams_per_client),
        ("mcp_all", limits.streams),
    ] {
        let streams = streams.min(LIMIT_MAX);
        text.held(
            format!("limit_conn {zone} {streams};"),
            &["unbounded-streams"],
        );
    }
    text.held("limit_conn_status 429;", &["rate-limit-shape"]);
    text.line("error_page 429 = @mcp_busy;");
}

/// What a client is told that has too many streams.
fn busy(text: &mut Text) {
    text.block("location @mcp_busy {", "}", |text| {
        text.line("default_type application/json;");
        text.held("add_header Retry-After 5 always;", &["rate-limit-shape"]);
        text.line("return 429 '{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-31429,\"message\":\"Too many streams\"}}';");
    });
}

/// nginx's own answer, where no route claims the path: the open-source build does not know which instances are well.
fn health(deployment: &Deployment, site: &Site<'_>, text: &mut Text) {
    let mut paths: Vec<&str> = deployment
        .listeners
        .iter()
        .filter_map(|listener| listener.health.as_deref())
        .filter(|path| !site.claims(path))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        text.blank();
        text.block(
            &format!("location = {} {{", super::word::quoted(path)),
            "}",
            |text| {
                text.line("access_log off;");
                text.line("default_type text/plain;");
                text.held("return 200 \"ok\\n\";", &["health-missing"]);
            },
        );
    }
}
