//! Which settings of a description Caddy has a counterpart for.

use crate::target::Without;

/// Keys that are in the file.
pub(super) const HONOURS: &[&str] = &[
    "drain",
    "limits.body_bytes",
    "limits.header_bytes",
    "listeners[].address",
    "listeners[].health",
    "listeners[].http2",
    "listeners[].proxy_protocol",
    "listeners[].redirect",
    "listeners[].tls.certificate",
    "listeners[].tls.certificates[].certificate",
    "listeners[].tls.certificates[].key",
    "listeners[].tls.client.ca",
    "listeners[].tls.client.crl",
    "listeners[].tls.client.verify",
    "listeners[].tls.hsts",
    "listeners[].tls.key",
    "listeners[].tls.min_version",
    "log.access",
    "log.format",
    "log.level",
    "resolver.servers",
    "routes[].cors.max_age",
    "routes[].cors.origins",
    "routes[].host",
    "routes[].path",
    "routes[].upstream",
    "timeouts.body_idle",
    "timeouts.header_read",
    "timeouts.keep_alive",
    "timeouts.write_idle",
    "trusted_proxies",
    "upstreams.<name>.affinity.by",
    "upstreams.<name>.discover",
    "upstreams.<name>.health.fall",
    "upstreams.<name>.health.interval",
    "upstreams.<name>.health.path",
    "upstreams.<name>.health.rise",
    "upstreams.<name>.health.timeout",
    "upstreams.<name>.host",
    "upstreams.<name>.http2",
    "upstreams.<name>.pool.idle",
    "upstreams.<name>.pool.idle_connections_max",
    "upstreams.<name>.timeouts.connect",
    "upstreams.<name>.timeouts.idle",
    "upstreams.<name>.timeouts.response_head",
    "upstreams.<name>.tls.ca",
    "upstreams.<name>.tls.certificate",
    "upstreams.<name>.tls.crl",
    "upstreams.<name>.tls.key",
    "upstreams.<name>.tls.pins",
    "upstreams.<name>.tls.server_name",
    "upstreams.<name>.url",
    "upstreams.<name>.urls",
];

const IN_THE_ID: &str = "the instance stands in the session's id, so nothing is stored";
const UNCOUNTED: &str = "Caddy counts neither connections nor streams: bound them in the server, or by LimitNOFILE in the unit file";

/// What is to be said of others.
pub(super) const WITHOUT: &[Without] = &[
    without(
        "admin.address",
        "Caddy's admin endpoint can change its configuration, so it is a socket in its folder",
    ),
    without("limits.connections", UNCOUNTED),
    without(
        "limits.header_count",
        "Caddy counts the bytes of headers, not the headers",
    ),
    without("limits.peek_bytes", "Caddy does not look into bodies"),
    without("limits.streams", UNCOUNTED),
    without("limits.streams_per_client", UNCOUNTED),
    without(
        "limits.streams_per_connection",
        "Caddy lets a connection have 250 requests open, which its file cannot change",
    ),
    without("timeouts.ping", "Caddy sends clients no PING"),
    without("upstreams.<name>.affinity.bytes_max", IN_THE_ID),
    without("upstreams.<name>.affinity.entries_max", IN_THE_ID),
    without("upstreams.<name>.affinity.store", IN_THE_ID),
    without(
        "upstreams.<name>.affinity.ttl",
        "the instance stands in the session's id, which holds for as long as the session",
    ),
    without(
        "upstreams.<name>.keepalive",
        "Caddy cannot add bytes to an answer",
    ),
    without(
        "upstreams.<name>.pool.eject",
        "Caddy would count failed tool calls with failed connections, so `fail_duration` is left off",
    ),
    without(
        "upstreams.<name>.timeouts.ping",
        "Caddy sends instances no PING",
    ),
    without(
        "upstreams.<name>.timeouts.stream",
        "Caddy has no limit on a whole exchange",
    ),
    without(
        "workers",
        "Caddy uses every core: GOMAXPROCS in its environment says how many",
    ),
];

const fn without(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}
