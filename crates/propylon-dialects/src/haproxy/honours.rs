//! Which settings of a description HAProxy has a counterpart for.

use crate::target::Without;

/// Keys that are in the file.
pub(super) const HONOURS: &[&str] = &[
    "drain",
    "limits.body_bytes",
    "limits.connections",
    "limits.header_bytes",
    "limits.header_count",
    "limits.streams",
    "limits.streams_per_client",
    "listeners[].address",
    "listeners[].health",
    "listeners[].tls.certificate",
    "listeners[].tls.certificates[].certificate",
    "listeners[].tls.certificates[].key",
    "listeners[].tls.client.ca",
    "listeners[].tls.client.crl",
    "listeners[].tls.client.verify",
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
    "trusted_proxies",
    "upstreams.<name>.affinity.by",
    "upstreams.<name>.affinity.entries_max",
    "upstreams.<name>.affinity.store",
    "upstreams.<name>.affinity.ttl",
    "upstreams.<name>.discover",
    "upstreams.<name>.health.fall",
    "upstreams.<name>.health.interval",
    "upstreams.<name>.health.path",
    "upstreams.<name>.health.rise",
    "upstreams.<name>.health.timeout",
    "upstreams.<name>.host",
    "upstreams.<name>.timeouts.connect",
    "upstreams.<name>.timeouts.idle",
    "upstreams.<name>.tls.ca",
    "upstreams.<name>.tls.certificate",
    "upstreams.<name>.tls.crl",
    "upstreams.<name>.tls.key",
    "upstreams.<name>.tls.pins",
    "upstreams.<name>.tls.server_name",
    "upstreams.<name>.url",
    "upstreams.<name>.urls",
    "workers",
];

const ONE_SILENCE: &str = "HAProxy has one time for silence on the client's side; it is the longest that any upstream is given";
const CLOSED: &str = "connections to instances are closed after each exchange, so that none is used that an instance is closing";
const CUT: &str = "HTTP/1.1 alone is spoken: over HTTP/2 an answer that was cut would look whole";

/// What is to be said of others.
pub(super) const WITHOUT: &[Without] = &[
    without(
        "admin.address",
        "HAProxy has no such listener; its statistics are not set up",
    ),
    without("limits.peek_bytes", "HAProxy does not look into bodies"),
    without("limits.streams_per_connection", CUT),
    without("listeners[].http2", CUT),
    without(
        "listeners[].proxy_protocol",
        "it is not written: `bind … accept-proxy` reads it",
    ),
    without(
        "listeners[].redirect",
        "it is not written: this listener serves; `http-request redirect scheme https code 308` redirects",
    ),
    without(
        "listeners[].tls.hsts",
        "it is not written: `http-response set-header Strict-Transport-Security` tells it",
    ),
    without("log.level", "HAProxy logs each request at one level"),
    without("timeouts.body_idle", ONE_SILENCE),
    without("timeouts.ping", CUT),
    without("timeouts.write_idle", ONE_SILENCE),
    without(
        "upstreams.<name>.affinity.bytes_max",
        "HAProxy's table is bounded by its entries",
    ),
    without(
        "upstreams.<name>.http2",
        "HTTP/1.1 is spoken to instances, so that a connection carries one exchange",
    ),
    without(
        "upstreams.<name>.keepalive",
        "HAProxy cannot add bytes to an answer",
    ),
    without(
        "upstreams.<name>.pool.eject",
        "an instance is left alone by its health checks only",
    ),
    without("upstreams.<name>.pool.idle", CLOSED),
    without("upstreams.<name>.pool.idle_connections_max", CLOSED),
    without(
        "upstreams.<name>.timeouts.ping",
        "HTTP/1.1 is spoken to instances, so that a connection carries one exchange",
    ),
    without(
        "upstreams.<name>.timeouts.response_head",
        "HAProxy has one time for the wait for an answer and for the pauses in it; it is the longer of this and `idle`",
    ),
    without(
        "upstreams.<name>.timeouts.stream",
        "HAProxy has no limit on a whole exchange",
    ),
];

const fn without(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}
