//! Which settings of a description the load balancer has a counterpart for.

use crate::target::Without;

/// Keys that are in the files.
pub(super) const HONOURS: &[&str] = &[
    "drain",
    "listeners[].health",
    "listeners[].tls.hsts",
    "listeners[].tls.min_version",
    "routes[].cors.max_age",
    "routes[].cors.origins",
    "routes[].host",
    "routes[].path",
    "routes[].upstream",
    "upstreams.<name>.affinity.by",
    "upstreams.<name>.affinity.ttl",
    "upstreams.<name>.health.fall",
    "upstreams.<name>.health.interval",
    "upstreams.<name>.health.path",
    "upstreams.<name>.health.rise",
    "upstreams.<name>.health.timeout",
    "upstreams.<name>.host",
    "upstreams.<name>.timeouts.idle",
    "upstreams.<name>.timeouts.response_head",
    "upstreams.<name>.url",
    "upstreams.<name>.urls",
];

const ACM: &str = "certificates are those of ACM: give their ARNs as CertificateArn";
const COOKIE: &str = "the target is in a cookie, so there is no table";
const MUTUAL: &str = "clients' certificates need a trust store of AWS, made of a bucket: MutualAuthentication of the listener";
const GROWS: &str = "the load balancer grows and bounds nothing: bound it in the server";
const HTTP1: &str = "`routing.http2.enabled=false`: with HTTP/2 the load balancer has 128 requests a connection at most";
const UNVERIFIED: &str = "the load balancer does not verify its targets' certificates";

/// What is to be said of others.
#[rustfmt::skip]
pub(super) const WITHOUT: &[Without] = &[
    without("admin.address", "its metrics are those of CloudWatch"),
    without("limits.body_bytes", "the load balancer has no limit for addresses as targets: bound bodies in the server"),
    without("limits.connections", GROWS),
    without("limits.header_bytes", "AWS takes 16 KB for one header and 64 KB for all, and neither can be changed"),
    without("limits.peek_bytes", "the load balancer does not look into bodies"),
    without("limits.streams", GROWS),
    without("limits.streams_per_client", GROWS),
    without("limits.streams_per_connection", HTTP1),
    without("listeners[].address", "the load balancer is reached at a name of its own"),
    without("listeners[].http2", HTTP1),
    without("listeners[].proxy_protocol", "clients connect to the load balancer themselves"),
    without("listeners[].redirect", "port 80 sends a GET to https and refuses a POST: AWS redirects with 301 and 302 only"),
    without("listeners[].tls.acme.challenge", ACM),
    without("listeners[].tls.acme.contact", ACM),
    without("listeners[].tls.acme.directory", ACM),
    without("listeners[].tls.acme.domains", ACM),
    without("listeners[].tls.acme.storage", ACM),
    without("listeners[].tls.certificate", ACM),
    without("listeners[].tls.certificates[].certificate", ACM),
    without("listeners[].tls.certificates[].key", ACM),
    without("listeners[].tls.client.ca", MUTUAL),
    without("listeners[].tls.client.crl", MUTUAL),
    without("listeners[].tls.client.verify", MUTUAL),
    without("listeners[].tls.key", ACM),
    without("log.access", "access logs go to a bucket of yours: access_logs.s3.* of the load balancer"),
    without("resolver.servers", "targets are addresses"),
    without("timeouts.keep_alive", "idle connections of clients are kept as long as those of targets: see upstreams.<name>.timeouts.idle"),
    without("timeouts.ping", HTTP1),
    without("trusted_proxies", "the load balancer appends the address of whoever connects and believes nobody"),
    without("upstreams.<name>.affinity.bytes_max", COOKIE),
    without("upstreams.<name>.affinity.entries_max", COOKIE),
    without("upstreams.<name>.affinity.store", COOKIE),
    without("upstreams.<name>.discover", "targets are registered, not looked up: by an ECS service or the AWS Load Balancer Controller"),
    without("upstreams.<name>.http2", "targets are spoken to in HTTP/1.1: HTTP/2 to them is for servers that speak nothing else"),
    without("upstreams.<name>.keepalive", "the load balancer cannot add bytes to an answer"),
    without("upstreams.<name>.mirror", "the load balancer does not look into bodies"),
    without("upstreams.<name>.pool.eject", "only health checks take a target out"),
    without("upstreams.<name>.pool.idle", "idle connections to targets are kept as long as those of clients: see upstreams.<name>.timeouts.idle"),
    without("upstreams.<name>.timeouts.connect", "AWS gives up after 10 s, which cannot be changed"),
    without("upstreams.<name>.timeouts.stream", "the load balancer has no limit on a whole exchange"),
    without("upstreams.<name>.tls.ca", UNVERIFIED),
    without("upstreams.<name>.tls.pins", UNVERIFIED),
    without("upstreams.<name>.tls.server_name", UNVERIFIED),
];

const fn without(setting: &'static str, why: &'static str) -> Without {
    Without { setting, why }
}
