//! Which settings of a description have a counterpart in a cluster: nearly all, since Propylon reads them there.

use crate::target::Without;

/// Keys that are in the files.
pub(super) const HONOURS: &[&str] = &[
    "drain",
    "limits.annotated_tools",
    "limits.body_bytes",
    "limits.connections",
    "limits.control_frames",
    "limits.header_bytes",
    "limits.header_count",
    "limits.peek_bytes",
    "limits.streams",
    "limits.streams_per_client",
    "limits.streams_per_connection",
    "listeners[].health",
    "listeners[].tls.hsts",
    "listeners[].tls.min_version",
    "log.access",
    "log.format",
    "log.level",
    "routes[].cors.max_age",
    "routes[].cors.origins",
    "routes[].host",
    "routes[].path",
    "routes[].rewrite_metadata",
    "routes[].upstream",
    "timeouts.body_idle",
    "timeouts.header_read",
    "timeouts.keep_alive",
    "timeouts.ping",
    "timeouts.write_idle",
    "trace_context",
    "trusted_proxies",
    "upstreams.<name>.affinity.by",
    "upstreams.<name>.affinity.bytes_max",
    "upstreams.<name>.affinity.entries_max",
    "upstreams.<name>.affinity.lost_status",
    "upstreams.<name>.affinity.store",
    "upstreams.<name>.affinity.ttl",
    "upstreams.<name>.cache.bytes_max",
    "upstreams.<name>.cache.entries_max",
    "upstreams.<name>.cache.entry_bytes_max",
    "upstreams.<name>.cache.ttl_max",
    "upstreams.<name>.cache.wait",
    "upstreams.<name>.discover",
    "upstreams.<name>.health.fall",
    "upstreams.<name>.health.interval",
    "upstreams.<name>.health.path",
    "upstreams.<name>.health.rise",
    "upstreams.<name>.health.timeout",
    "upstreams.<name>.host",
    "upstreams.<name>.http2",
    "upstreams.<name>.keepalive",
    "upstreams.<name>.mirror",
    "upstreams.<name>.pool.eject",
    "upstreams.<name>.pool.idle",
    "upstreams.<name>.pool.idle_connections_max",
    "upstreams.<name>.timeouts.connect",
    "upstreams.<name>.timeouts.idle",
    "upstreams.<name>.timeouts.ping",
    "upstreams.<name>.timeouts.response_head",
    "upstreams.<name>.timeouts.stream",
    "upstreams.<name>.tls.pins",
    "upstreams.<name>.tls.server_name",
    "upstreams.<name>.url",
    "upstreams.<name>.urls",
    "workers",
];

const ACME: &str = "certificates are the Gateway's, and cert-manager asks the authority for them";
const MUTUAL: &str =
    "nobody is asked here: it is the Gateway's listener that clients speak TLS to, so let it ask";
const LISTENERS: &str = "Secrets are mounted: kustomization.yaml says which";
const SEALED: &str = "the instance is in the session's id, and nothing is kept that could be sent again: a session whose instance is gone gets 404";

/// What is to be said of others.
#[rustfmt::skip]
pub(super) const WITHOUT: &[Without] = &[
    without("admin.address", "it is 0.0.0.0:9901, for the kubelet and for Prometheus"),
    without("listeners[].address", "Pods listen on 8080, and with TLS of their own on 8443; clients come through the Gateway"),
    without("listeners[].http2", "Pods speak HTTP/2 over TLS of their own, and HTTP/1.1 to a Gateway that comes in the clear"),
    without("listeners[].proxy_protocol", "the Gateway speaks HTTP to Pods, and names clients in X-Forwarded-For"),
    without("listeners[].redirect", "the fronts are bound to TLS, so nothing comes in the clear"),
    without("listeners[].tls.acme.challenge", ACME),
    without("listeners[].tls.acme.contact", ACME),
    without("listeners[].tls.acme.directory", ACME),
    without("listeners[].tls.acme.domains", ACME),
    without("listeners[].tls.acme.storage", ACME),
    without("listeners[].tls.certificate", LISTENERS),
    without("listeners[].tls.certificates[].certificate", LISTENERS),
    without("listeners[].tls.certificates[].key", LISTENERS),
    without("listeners[].tls.client.ca", MUTUAL),
    without("listeners[].tls.client.crl", MUTUAL),
    without("listeners[].tls.client.verify", MUTUAL),
    without("listeners[].tls.key", LISTENERS),
    without("resolver.servers", "Pods ask the cluster's DNS"),
    without("upstreams.<name>.affinity.handshake_bytes_max", SEALED),
    without("upstreams.<name>.affinity.key_file", LISTENERS),
    without("upstreams.<name>.affinity.on_lost", SEALED),
    without("upstreams.<name>.tls.ca", LISTENERS),
    without("upstreams.<name>.tls.certificate", LISTENERS),
    without("upstreams.<name>.tls.crl", LISTENERS),
    without("upstreams.<name>.tls.key", LISTENERS),
];

const fn without(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}
