//! One practice broken at a time: a good chain, the edit that breaks it, and what else that must break.

use crate::chain::{
    CADDY, Certificate, Chain, ENVOY, HAPROXY, HAPROXY_AUTH, NGINX, NGINX_TLS, PROPYLON_LIMITED,
    RELAY, TRAEFIK,
};
use crate::faulty::Fault;
use crate::judge::{QUICK, Scope, WAITING};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutation {
    /// The practice that is broken.
    pub(crate) id: &'static str,
    pub(crate) chain: Chain,
    /// Text of the chain's files, and what takes its place.
    pub(crate) edits: &'static [(&'static str, &'static str)],
    pub(crate) faults: &'static [Fault],
    /// What must be found as well, because the edit breaks it too.
    pub(crate) also: &'static [&'static str],
    pub(crate) scope: Scope,
}

const fn edit(
    id: &'static str,
    chain: Chain,
    edits: &'static [(&'static str, &'static str)],
    also: &'static [&'static str],
) -> Mutation {
    Mutation {
        id,
        chain,
        edits,
        faults: &[],
        also,
        scope: QUICK,
    }
}

const fn fault(
    id: &'static str,
    faults: &'static [Fault],
    also: &'static [&'static str],
) -> Mutation {
    Mutation {
        id,
        chain: RELAY,
        edits: &[],
        faults,
        also,
        scope: QUICK,
    }
}

const fn scoped(scope: Scope, mutation: Mutation) -> Mutation {
    Mutation { scope, ..mutation }
}

/// The calls and streams that are silent for the profile's time.
const SILENT: Scope = waiting(&["response-timeout-short", "idle-timeout-short"]);
const KEEPALIVE: Scope = waiting(&["sse-keepalive-missing"]);
const RACE: Scope = waiting(&["keepalive-race"]);
const STRANGERS: Scope = waiting(&["health-on-endpoint"]);

const fn waiting(select: &'static [&'static str]) -> Scope {
    Scope { select, ..WAITING }
}

const NGINX_ENDS_SOON: Chain = Chain {
    certificate: Certificate::EndsSoon,
    ..NGINX_TLS
};

const UNDER_A_PREFIX: Chain = Chain {
    path: "/weather/mcp",
    ..RELAY
};

/// Every row.
#[rustfmt::skip]
pub(crate) const MUTATIONS: &[Mutation] = &[
    // Headers.
    edit("session-header-lost", HAPROXY, &[("    acl mcp path /mcp\n", "    http-response set-header Mcp-Session-Id %[res.hdr(mcp-session-id),upper] if { res.hdr(mcp-session-id) -m found }\n    acl mcp path /mcp\n")], &["session-scattered"]),
    edit("session-header-lost", NGINX, &[("            proxy_buffering off;", "            proxy_hide_header Mcp-Session-Id;\n            proxy_buffering off;")], &[]),
    edit("version-header-lost", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request del-header MCP-Protocol-Version\n    acl mcp path /mcp\n")], &[]),
    edit("authorization-lost", NGINX, &[("proxy_set_header Forwarded         \"\";", "proxy_set_header Forwarded \"\"; proxy_set_header Authorization \"\";")], &[]),
    edit("accept-rewritten", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request set-header Accept application/json\n    acl mcp path /mcp\n")], &[]),
    edit("content-type-rewritten", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request set-header Content-Type \"application/json; charset=latin1\" if METH_POST\n    acl mcp path /mcp\n")], &[]),
    edit("last-event-id-lost", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request del-header Last-Event-ID\n    acl mcp path /mcp\n")], &["disconnect-cancels-legacy", "session-resumed-elsewhere"]),
    edit("method-headers-lost", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request del-header Mcp-Name if { req.hdr(mcp-name) -m beg =?base64? }\n    acl mcp path /mcp\n")], &[]),
    edit("param-headers-lost", NGINX, &[("    underscores_in_headers on;\n    ignore_invalid_headers off;\n", "")], &[]),
    edit("trace-context-lost", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request del-header tracestate\n    acl mcp path /mcp\n")], &[]),
    fault("mirror-unchecked", &[Fault::RepairMirror], &[]),
    edit("response-header-lost", NGINX, &[("            proxy_pass http://mcp;\n            proxy_buffering off;", "            proxy_pass http://mcp;\n            proxy_hide_header Retry-After;\n            proxy_buffering off;")], &[]),
    edit("forwarded-spoofable", NGINX, &[("X-Forwarded-For   $remote_addr", "X-Forwarded-For   $proxy_add_x_forwarded_for")], &[]),
    edit("host-rewritten", NGINX, &[("Host              $http_host", "Host              $host"), ("X-Forwarded-Host  $http_host", "X-Forwarded-Host  $host")], &["auth-metadata-unreachable"]),
    edit("error-body-replaced", NGINX, &[("            proxy_buffering off;", "            proxy_intercept_errors on;\n            error_page 503 /oops;\n            proxy_buffering off;"), ("        location = /health", "        location = /oops { internal; return 503 '<html>Sorry</html>'; }\n        location = /health")], &["response-header-lost"]),
    fault("body-altered", &[Fault::ReencodeRequests], &[]),
    edit("endpoint-unrouted", HAPROXY, &[("    acl mcp path_beg /mcp/\n", ""), ("http-request return status 404", "http-request return status 200")], &[]),
    // Event streams.
    edit("sse-buffered", HAPROXY, &[("    option http-no-delay\n", "")], &["sse-head-withheld"]),
    fault("sse-buffered", &[Fault::HoldStreams], &["http2-stream-limit", "idle-timeout-short", "response-timeout-short", "sse-head-withheld", "sse-keepalive-missing", "slow-reader-starves-others"]),
    edit("sse-head-withheld", NGINX, &[("proxy_buffering off;", "proxy_buffering on;")], &["sse-buffered"]),
    edit("sse-compressed", CADDY, &[("\t@foreign {", "\tencode gzip\n\t@foreign {")], &[]),
    // This middleware of Traefik 3.7 loses the body of one small answer in some hundreds.
    edit("sse-compressed", TRAEFIK, &[("      middlewares: [forwarded]", "      middlewares: [forwarded, gzip]"), ("    forwarded:\n", "    gzip:\n      compress: {}\n    forwarded:\n")], &["error-body-replaced"]),
    fault("sse-cached", &[Fault::CacheStreams], &[]),
    fault("sse-altered", &[Fault::KeepDataOnly], &["disconnect-cancels-legacy", "session-resumed-elsewhere"]),
    fault("sse-altered", &[Fault::SplitEvents], &[]),
    scoped(KEEPALIVE, fault("sse-keepalive-missing", &[Fault::NoKeepalive], &[])),
    Mutation { chain: UNDER_A_PREFIX, ..fault("sse-endpoint-unrewritten", &[Fault::StripPrefix], &[]) },
    edit("disconnect-not-propagated", HAPROXY, &[("    option abortonclose\n", "")], &[]),
    edit("disconnect-not-propagated", NGINX, &[("            proxy_buffering off;", "            proxy_ignore_client_abort on;\n            proxy_buffering off;")], &[]),
    fault("disconnect-cancels-legacy", &[Fault::ForgetDropped], &["session-resumed-elsewhere"]),
    fault("upstream-loss-hidden", &[Fault::HideLoss], &[]),
    edit("upstream-loss-hidden", NGINX, &[("proxy_http_version 1.1;", "proxy_http_version 1.0;")], &[]),
    fault("slow-reader-starves-others", &[Fault::StoreUnread], &[]),
    edit("http2-stream-limit", HAPROXY, &[("    bind {{listen}}\n", "    bind {{listen}}\n    maxconn 60\n")], &[]),
    // Sessions.
    edit("session-scattered", NGINX, &[("        sticky learn create=$upstream_http_mcp_session_id lookup=$http_mcp_session_id\n                     zone=mcp_sessions:8m timeout=1h header;\n", "        hash $http_mcp_session_id consistent;\n")], &["session-resumed-elsewhere"]),
    edit("session-resumed-elsewhere", HAPROXY, &[("    stick match req.hdr(Mcp-Session-Id)\n", "    stick match req.hdr(Mcp-Session-Id) unless { req.hdr(last-event-id) -m found }\n")], &["disconnect-cancels-legacy"]),
    edit("dead-session-status", NGINX, &[("proxy_next_upstream error;", "proxy_next_upstream off;")], &[]),
    edit("request-replayed", NGINX, &[("proxy_next_upstream error;", "proxy_next_upstream error non_idempotent;")], &[]),
    edit("request-replayed", HAPROXY, &[("    option redispatch\n", "    option redispatch\n    retry-on conn-failure empty-response\n")], &[]),
    fault("request-replayed", &[Fault::Replay], &[]),
    edit("passive-ejection", NGINX, &[(" max_fails=0", "")], &[]),
    edit("session-open-to-others", HAPROXY_AUTH, &[("    http-request deny deny_status 404 if endpoint bob ", "    #"), ("    use_backend bob if endpoint bob\n", "    use_backend alice if endpoint bob\n")], &[]),
    edit("session-id-readable", CADDY, &[("{tag}~$1", "{http.reverse_proxy.upstream.hostport}~$1"), ("^a~", "^{{a}}~"), ("^b~", "^{{b}}~"), ("^c~", "^{{c}}~")], &[]),
    fault("session-id-readable", &[Fault::ShowAddress], &[]),
    fault("task-scattered", &[Fault::ScatterTasks], &[]),
    // Time.
    scoped(SILENT, edit("response-timeout-short", NGINX, &[("proxy_read_timeout 1h;", "proxy_read_timeout 3s;")], &["idle-timeout-short"])),
    scoped(SILENT, edit("idle-timeout-short", ENVOY, &[("idle_timeout: 3600s }\n", "idle_timeout: 3s }\n")], &["response-timeout-short"])),
    scoped(RACE, edit("keepalive-race", NGINX, &[("keepalive_timeout 4s;", "keepalive_timeout 60s;")], &[])),
    // Backends and TLS.
    // The route for everything leads to the old transport too, whose sessions Envoy does not know.
    edit("ssrf-redirect", ENVOY, &[("idle_timeout: 3600s }\n", "idle_timeout: 3600s, internal_redirect_policy: { max_internal_redirects: 2, redirect_response_codes: [301, 302, 303, 307, 308], allow_cross_scheme_redirect: true } }\n                        - match: { prefix: / }\n                          route: { cluster: mcp }\n")], &["sse-endpoint-unrewritten"]),
    fault("ssrf-redirect", &[Fault::FollowRedirects], &[]),
    edit("tls-certificate", NGINX_ENDS_SOON, &[], &[]),
    edit("tls-old-version", NGINX_TLS, &[("ssl_protocols TLSv1.2 TLSv1.3;", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers DEFAULT:@SECLEVEL=0;")], &[]),
    edit("redirect-drops-body", NGINX, &[("        location = /health", "        location = /mcp/ { return 301 /mcp; }\n        location = /health")], &[]),
    // Health and limits.
    edit("health-missing", HAPROXY, &[("    acl mcp path /health\n", "")], &[]),
    scoped(STRANGERS, edit("health-on-endpoint", HAPROXY, &[("option httpchk GET /health", "option httpchk GET /mcp\n    http-check expect rstatus ^[24]")], &[])),
    edit("body-limit-small", NGINX, &[("client_max_body_size 64m;", "client_max_body_size 1m;")], &[]),
    edit("header-limit-small", NGINX, &[("    large_client_header_buffers 8 32k;\n", "")], &[]),
    edit("method-blocked", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request deny if METH_DELETE\n    acl mcp path /mcp\n")], &[]),
    edit("rate-limit-shape", NGINX, &[("    upstream mcp {", "    map $http_mcp_method $limited { default \"\"; server/discover $binary_remote_addr; }\n    limit_req_zone $limited zone=rate:1m rate=10r/s;\n    upstream mcp {"), ("            proxy_buffering off;", "            limit_req zone=rate burst=60 nodelay;\n            proxy_buffering off;")], &[]),
    edit("unbounded-streams", PROPYLON_LIMITED, &[("streams_per_client: 200", "streams_per_client: 1000")], &[]),
    // Browsers and authorization.
    edit("origin-unchecked", NGINX, &[("            if ($origin_refused) { return 403; }\n", "")], &[]),
    edit("cors-headers-hidden", NGINX, &[("            add_header Access-Control-Expose-Headers \"Mcp-Session-Id, WWW-Authenticate, Retry-After\" always;\n", "")], &[]),
    edit("auth-metadata-unreachable", HAPROXY_AUTH, &[("    acl open path_beg /.well-known/oauth-protected-resource\n", "")], &[]),
    edit("auth-challenge-lost", HAPROXY_AUTH, &[(" hdr WWW-Authenticate 'Bearer resource_metadata=\"http://{{listen}}/.well-known/oauth-protected-resource/mcp\"'", "")], &[]),
    edit("client-blocked", HAPROXY, &[("    acl mcp path /mcp\n", "    http-request deny if { req.fhdr(user-agent) -i -m sub python }\n    acl mcp path /mcp\n")], &[]),
];
