//! Which settings of a description Envoy has a counterpart for.

use crate::target::Without;

/// Keys that are in the file.
pub(super) const HONOURS: &[&str] = &[
    "admin.address",
    "limits.body_bytes",
    "limits.connections",
    "limits.header_bytes",
    "limits.header_count",
    "limits.streams",
    "limits.streams_per_connection",
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
    "resolver.servers",
    "routes[].cors.max_age",
    "routes[].cors.origins",
    "routes[].host",
    "routes[].path",
    "routes[].upstream",
    "timeouts.header_read",
    "timeouts.keep_alive",
    "timeouts.ping",
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
    "upstreams.<name>.timeouts.connect",
    "upstreams.<name>.timeouts.idle",
    "upstreams.<name>.timeouts.ping",
    "upstreams.<name>.timeouts.stream",
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
const ONE_SILENCE: &str = "Envoy has one time for silence on either side of an exchange; it is the longer of `idle` and `response_head`";

/// What is to be said of others.
pub(super) const WITHOUT: &[Without] = &[
    without(
        "drain",
        "Envoy ends at once when it is told to: --drain-time-s, and `POST /drain_listeners?graceful` on the admin listener before",
    ),
    without("limits.peek_bytes", "Envoy does not look into bodies"),
    without(
        "limits.streams_per_client",
        "Envoy counts what is in the air by cluster, not by client",
    ),
    without(
        "log.level",
        "Envoy takes it on its command line: --log-level",
    ),
    without("timeouts.body_idle", ONE_SILENCE),
    without("timeouts.write_idle", ONE_SILENCE),
    without("upstreams.<name>.affinity.bytes_max", IN_THE_ID),
    without("upstreams.<name>.affinity.entries_max", IN_THE_ID),
    without("upstreams.<name>.affinity.store", IN_THE_ID),
    without(
        "upstreams.<name>.affinity.ttl",
        "the instance stands in the session's id, which holds for as long as the session",
    ),
    without(
        "upstreams.<name>.keepalive",
        "Envoy cannot add bytes to an answer",
    ),
    without(
        "upstreams.<name>.pool.eject",
        "Envoy would count failed tool calls with failed connections, so outlier detection is left off",
    ),
    without(
        "upstreams.<name>.pool.idle_connections_max",
        "Envoy keeps every connection that has not idled for too long",
    ),
    without("upstreams.<name>.timeouts.response_head", ONE_SILENCE),
    without(
        "workers",
        "Envoy takes it on its command line: --concurrency",
    ),
];

const fn without(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}
