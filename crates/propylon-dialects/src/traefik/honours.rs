//! Which settings of a description Traefik has a counterpart for.

use crate::target::Without;

/// Keys that are in the files.
pub(super) const HONOURS: &[&str] = &[
    "drain",
    "limits.header_bytes",
    "limits.streams_per_client",
    "limits.streams_per_connection",
    "listeners[].address",
    "listeners[].health",
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
    "routes[].cors.max_age",
    "routes[].cors.origins",
    "routes[].host",
    "routes[].path",
    "routes[].upstream",
    "timeouts.keep_alive",
    "trusted_proxies",
    "upstreams.<name>.affinity.by",
    "upstreams.<name>.discover",
    "upstreams.<name>.health.interval",
    "upstreams.<name>.health.path",
    "upstreams.<name>.health.timeout",
    "upstreams.<name>.host",
    "upstreams.<name>.pool.idle",
    "upstreams.<name>.pool.idle_connections_max",
    "upstreams.<name>.timeouts.connect",
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

const HASHED: &str = "instances are chosen by the client's address, so nothing is stored";
const WHOLE: &str = "Traefik's times count a whole request and a whole answer, so they are off";
const ONE_CHECK: &str = "Traefik believes every check at once";

/// What is to be said of others.
pub(super) const WITHOUT: &[Without] = &[
    without(
        "admin.address",
        "Traefik's dashboard and metrics are not set up",
    ),
    without(
        "limits.body_bytes",
        "Traefik bounds bodies only where it holds back whole answers too",
    ),
    without("limits.connections", "Traefik does not count connections"),
    without(
        "limits.header_count",
        "Traefik counts the bytes of headers, not the headers",
    ),
    without("limits.peek_bytes", "Traefik does not look into bodies"),
    without(
        "limits.streams",
        "Traefik counts what is in the air by client, not over all",
    ),
    without(
        "listeners[].http2",
        "Traefik offers HTTP/2 wherever it listens, over TLS and in the clear",
    ),
    without("resolver.servers", "Traefik asks the system's"),
    without("timeouts.body_idle", WHOLE),
    without("timeouts.header_read", WHOLE),
    without("timeouts.ping", "Traefik sends clients no PING"),
    without("timeouts.write_idle", WHOLE),
    without("upstreams.<name>.affinity.bytes_max", HASHED),
    without("upstreams.<name>.affinity.entries_max", HASHED),
    without("upstreams.<name>.affinity.store", HASHED),
    without("upstreams.<name>.affinity.ttl", HASHED),
    without("upstreams.<name>.health.fall", ONE_CHECK),
    without("upstreams.<name>.health.rise", ONE_CHECK),
    without(
        "upstreams.<name>.http2",
        "HTTP/1.1 is spoken to instances, so that a connection carries one exchange",
    ),
    without(
        "upstreams.<name>.keepalive",
        "Traefik cannot add bytes to an answer",
    ),
    without(
        "upstreams.<name>.pool.eject",
        "Traefik would count failed tool calls with failed connections, so `passiveHealthCheck` is left off",
    ),
    without(
        "upstreams.<name>.timeouts.idle",
        "Traefik has no limit on the pauses of an answer",
    ),
    without(
        "upstreams.<name>.timeouts.ping",
        "HTTP/1.1 is spoken to instances, so that a connection carries one exchange",
    ),
    without(
        "upstreams.<name>.timeouts.stream",
        "Traefik's limit on a whole answer is one for all, and off",
    ),
    without(
        "workers",
        "Traefik uses every core: GOMAXPROCS in its environment says how many",
    ),
];

const fn without(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}
