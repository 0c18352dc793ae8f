//! Which settings of a description nginx has a counterpart for.

use crate::target::Without;

/// Keys that are in the files.
pub(super) const HONOURS: &[&str] = &[
    "drain",
    "limits.body_bytes",
    "limits.connections",
    "limits.header_bytes",
    "limits.streams",
    "limits.streams_per_client",
    "limits.streams_per_connection",
    "listeners[].address",
    "listeners[].health",
    "listeners[].http2",
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
    "upstreams.<name>.affinity.bytes_max",
    "upstreams.<name>.affinity.entries_max",
    "upstreams.<name>.affinity.store",
    "upstreams.<name>.affinity.ttl",
    "upstreams.<name>.discover",
    "upstreams.<name>.host",
    "upstreams.<name>.pool.idle",
    "upstreams.<name>.pool.idle_connections_max",
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

const NO_CHECKS: &str = "the open-source nginx does not ask its instances how they are";

/// What is to be said of others.
pub(super) const WITHOUT: &[Without] = &[
    without(
        "admin.address",
        "nginx has no such listener; its `stub_status` is not set up",
    ),
    without(
        "limits.header_count",
        "nginx counts the bytes of headers, not the headers",
    ),
    without("limits.peek_bytes", "nginx does not look into bodies"),
    without(
        "listeners[].proxy_protocol",
        "it is not written: `listen … proxy_protocol`, with `set_real_ip_from` and `real_ip_header proxy_protocol`, reads it",
    ),
    without(
        "listeners[].redirect",
        "it is not written: this listener serves; a `server` of its own with `return 308 https://$host$request_uri` redirects",
    ),
    without(
        "listeners[].tls.hsts",
        "it is not written: `add_header Strict-Transport-Security` in every location tells it",
    ),
    without(
        "timeouts.ping",
        "nginx sends no PING: `so_keepalive` finds the clients that are gone",
    ),
    without("upstreams.<name>.health.fall", NO_CHECKS),
    without("upstreams.<name>.health.interval", NO_CHECKS),
    without("upstreams.<name>.health.path", NO_CHECKS),
    without("upstreams.<name>.health.rise", NO_CHECKS),
    without("upstreams.<name>.health.timeout", NO_CHECKS),
    without(
        "upstreams.<name>.http2",
        "HTTP/1.1 is spoken to instances, so that a connection carries one exchange",
    ),
    without(
        "upstreams.<name>.keepalive",
        "nginx cannot add bytes to an answer",
    ),
    without(
        "upstreams.<name>.pool.eject",
        "nginx would count failed tool calls with failed connections, so `max_fails=0` counts neither",
    ),
    without(
        "upstreams.<name>.timeouts.ping",
        "HTTP/1.1 is spoken to instances, so that a connection carries one exchange",
    ),
    without(
        "upstreams.<name>.timeouts.response_head",
        "nginx has one time for the wait for an answer and for the pauses in it; it is the longer of this and `idle`",
    ),
    without(
        "upstreams.<name>.timeouts.stream",
        "nginx has no limit on a whole exchange",
    ),
];

const fn without(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}
