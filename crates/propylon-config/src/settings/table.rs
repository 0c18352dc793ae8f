//! The rows of the table of settings, sorted by key.

use super::{Fallback, SectionInfo, Setting};
use crate::kind::Kind;

use Fallback::{Absent, Required, Value};

/// Every mapping that groups settings, sorted by key.
pub const SECTIONS: &[SectionInfo] = &[
    group(
        "admin",
        "The operator's own listener: liveness, readiness and metrics.",
    )
    .with_off(),
    group(
        "backends",
        "Servers that users register, each at `/TENANT/NAME/mcp`, and the API they are registered with; none without \
         this section.",
    ),
    group(
        "backends.guard",
        "What may be dialled for users, beside what never may.",
    ),
    group("backends.quotas", "What one tenant may take."),
    group("backends.timeouts", "How long registered servers may take."),
    group("limits", "Bounds on what clients may send and hold open."),
    group("listeners[]", "Addresses clients connect to.")
        .needed("listeners: [{ address: 127.0.0.1:8080 }]"),
    group(
        "listeners[].tls",
        "Serves https with `certificate` and `key`, several pairs as `certificates`, or what `acme` obtains; without this section http.",
    ),
    group(
        "listeners[].tls.acme",
        "Obtains and renews certificates by ACME; writing it agrees to the terms of the directory.",
    ),
    group(
        "listeners[].tls.certificates[]",
        "Certificates chosen by the name a client asks for; the first answers where none fits.",
    ),
    group(
        "listeners[].tls.client",
        "Asks clients for a certificate; without this section nobody is asked.",
    ),
    group("log", "Where log lines go and how they look."),
    group("resolver", "How the names of upstreams are resolved."),
    group(
        "routes[]",
        "Which requests go to which upstream; the longest matching path wins.",
    )
    .needed("routes: [{ path: /mcp, upstream: NAME }]"),
    group(
        "routes[].cors",
        "Which web pages may call the route; without this section those of its own origin, and of this machine where \
         only this machine can connect.",
    ),
    group("timeouts", "How long the proxy waits for clients."),
    group(
        "upstreams.<name>",
        "MCP servers by name, each one or more interchangeable instances.",
    )
    .needed("upstreams: { NAME: { url: http://127.0.0.1:3001/mcp } }"),
    group(
        "upstreams.<name>.affinity",
        "How requests of one session reach one instance.",
    ),
    group(
        "upstreams.<name>.cache",
        "Keeps answers of 2026-07-28 list and read methods as long, and for whom, the server says; without this section nothing is kept.",
    ),
    group(
        "upstreams.<name>.health",
        "Active health checks of each instance; none without this section.",
    ),
    group(
        "upstreams.<name>.pool",
        "Connections kept for reuse, and instances left alone after a failed connect.",
    ),
    group("upstreams.<name>.timeouts", "How long instances may take."),
    group(
        "upstreams.<name>.tls",
        "How https instances are verified; without this section by the system's roots and the URL's host.",
    ),
];

/// Every setting, sorted by key.
pub const SETTINGS: &[Setting] = &[
    row("admin.address", Kind::Address, Value("127.0.0.1:9901"), "Where the admin listener listens; it has no authentication, so keep it inside."),
    row("backends.address", Kind::Address, Value("127.0.0.1:9902"), "Where the API listens; its tokens travel in the clear, so keep it on this machine."),
    row("backends.guard.allow", Kind::GuardEntries, Absent("nothing"), "Let through though a rule would refuse it: networks, names, and suffixes such as `*.example.com`."),
    row("backends.guard.allow_http", Kind::Flag, Value("false"), "Lets `http://` through as well.").refuses("backend-refused", BACKEND_REFUSED),
    row("backends.guard.deny", Kind::GuardEntries, Absent("nothing"), "Refused whatever else says; wins over `allow`.").refuses("backend-refused", BACKEND_REFUSED),
    row("backends.guard.ports", Kind::Ports, Absent("443 and 8443"), "The ports that may be dialled.").refuses("backend-refused", BACKEND_REFUSED),
    row("backends.key_file", Kind::File, Required, "Keys that seal the secrets in the store, 64 hexadecimal digits a line: the first seals, all of them open."),
    row("backends.quotas.backends", count("backends", 1), Value("1000"), "Backends that one tenant may have registered."),
    row("backends.quotas.requests_per_second", count("requests", 1), Value("1000"), "Requests to all backends of one tenant in a second; as many may come at once.").refuses("tenant-rate-limit", TENANT_RATE),
    row("backends.quotas.streams", count("streams", 1), Value("1000"), "Event streams that stay open, over all backends of one tenant.").refuses("tenant-stream-limit", TENANT_STREAMS),
    row("backends.store", Kind::File, Required, "The file that registrations are kept in; made where there is none."),
    row("backends.timeouts.connect", WAIT, Value("5s"), "To open a connection, for each of the first addresses of a name.").refuses("upstream-unreachable", UNREACHABLE),
    row("backends.timeouts.idle", WAIT, Value("1h"), "Longest pause between bytes of a response.").refuses("idle-timeout", IDLE_TIMEOUT),
    row("backends.timeouts.response_head", WAIT, Value("10m"), "From the end of a request to the head of its response: how long a silent tool call may run.").refuses("response-timeout", RESPONSE_TIMEOUT),
    row("backends.timeouts.stream", WAIT, Value("24h"), "A whole exchange, from first byte to last.").refuses("stream-timeout", STREAM_TIMEOUT),
    row("backends.token_file", Kind::File, Required, "Tokens that the API takes, one a line: `TOKEN` for all tenants, `TENANT TOKEN` for one; read again on reload."),
    row("drain", GRACE, Value("30s"), "Grace given to open streams on shutdown; `0s` ends them at once."),
    row("limits.annotated_tools", count("tools", 0), Value("1024"), "Tools of one upstream remembered because their `x-mcp-header` wants arguments mirrored; the newest list stays.").metric(ANNOTATED_TOOLS),
    row("limits.body_bytes", Kind::Size { min: 1, max: u64::MAX }, Value("64MiB"), "Largest request body; a larger one is refused with 413.").refuses("body-limit", BODY_LIMIT),
    row("limits.connections", count("connections", 1), Value("65536"), "Client connections open at once, over all listeners.").refuses("connection-limit", CONNECTION_LIMIT),
    row("limits.control_frames", count("frames", 1), Value("1000"), "HTTP/2 frames that carry nothing of a message, such as PING, SETTINGS, RST_STREAM and empty ones, that a connection may send in a second; one that sends more is closed. WINDOW_UPDATE counts a tenth.").refuses("frame-limit", FRAME_LIMIT),
    row("limits.header_bytes", Kind::Size { min: 8 << 10, max: 16 << 20 }, Value("96KiB"), "Largest request line and headers together; larger ones are refused with 431.").refuses("header-limit", HEADER_LIMIT),
    row("limits.header_count", Kind::Count { of: "header fields", min: 1, max: 1024 }, Value("256"), "Most header fields of one request.").refuses("header-limit", HEADER_LIMIT),
    row("limits.peek_bytes", Kind::Size { min: 1 << 10, max: 16 << 20 }, Value("64KiB"), "How much of a JSON body is looked at for its method and id."),
    row("limits.streams", count("streams", 1), Value("65536"), "Event streams that stay open, of a GET or `subscriptions/listen`, at once and over all clients.").refuses("stream-limit", STREAM_LIMIT),
    row("limits.streams_per_client", count("streams", 1), Value("4096"), "The same for one client address; streams that answer calls do not count.").refuses("stream-limit", STREAM_LIMIT),
    row("limits.streams_per_connection", count("requests", 1), Value("1024"), "Requests open at once on one HTTP/2 connection; what is beyond is refused unread, with REFUSED_STREAM.").metric(HTTP2_STREAMS),
    row("listeners[].address", Kind::Address, Required, "IP address and port; `[::]` and `0.0.0.0` are every address, port 0 a free one."),
    row("listeners[].health", Kind::PathOrOff, Value("/health"), "Path answered by the proxy itself with its readiness where no route claims it, or `off`."),
    row("listeners[].http2", Kind::Flag, Absent("`true` with `tls`, `false` without"), "Whether HTTP/2 is spoken besides HTTP/1.1: over TLS to clients that agree to it (ALPN), without TLS to those that begin with it (prior knowledge)."),
    row("listeners[].proxy_protocol", Kind::Networks, Absent("clients connect themselves"), "Addresses or CIDR networks of the balancers in front, whose connections begin with a PROXY protocol header (version 1 or 2); the client it names is the client, and connections of anybody else are closed.").metric(PROXY_PROTOCOL),
    row("listeners[].redirect", Kind::Redirect, Absent("requests are served"), "`https` sends whoever did not come over https there, on the host asked for, with 308, which keeps method and body; `https:8443` names the port that clients reach."),
    row("listeners[].tls.acme.ca", Kind::File, Absent("the system's roots"), "PEM file: the roots the directory itself is verified by."),
    row("listeners[].tls.acme.challenge", Kind::Choice(&["tls-alpn-01", "http-01"]), Value("tls-alpn-01"), "How it is shown that a domain is ours: by a handshake that reaches this listener from port 443, or by a request that reaches any plain http listener from port 80."),
    row("listeners[].tls.acme.contact", Kind::Email, Absent("none"), "Whom the authority may write to about the certificates."),
    row("listeners[].tls.acme.directory", Kind::HttpsUrl, Value("https://acme-v02.api.letsencrypt.org/directory"), "The ACME directory of the authority."),
    row("listeners[].tls.acme.domains", Kind::Domains, Required, "Domains, for each of which a certificate is obtained, and renewed at two thirds of its life.").metric(ACME_ORDERS),
    row("listeners[].tls.acme.storage", Kind::Folder, Required, "Folder for the account and the certificates, for nobody else to read; kept between starts, so that no start waits for the authority."),
    row("listeners[].tls.certificate", Kind::File, Absent("`certificates` or `acme` is required"), "PEM file: the certificate, then those that lead to its root. Read again when it changes."),
    row("listeners[].tls.certificates[].certificate", Kind::File, Required, "PEM file: the certificate, then those that lead to its root. Read again when it changes."),
    row("listeners[].tls.certificates[].key", Kind::File, Required, "PEM file: the certificate's private key."),
    row("listeners[].tls.client.ca", Kind::File, Required, "PEM file: the roots that issue clients' certificates. Read again when it changes."),
    row("listeners[].tls.client.crl", Kind::File, Absent("none is revoked"), "PEM file: lists of revoked certificates, one of each issuer; with it a certificate whose issuer has no list, or an outdated one, is refused. Read again when it changes."),
    row("listeners[].tls.client.verify", Kind::Choice(&["required", "optional"]), Value("required"), "Whether a client must show a certificate; one that is shown is verified either way."),
    row("listeners[].tls.hsts", Kind::DurationOrOff, Value("off"), "How long browsers are to use nothing but https for the host (`Strict-Transport-Security`): it cannot be taken back before that."),
    row("listeners[].tls.key", Kind::File, Absent("`certificates` or `acme` is required"), "PEM file: the certificate's private key."),
    row("listeners[].tls.min_version", Kind::Choice(&["1.2", "1.3"]), Value("1.2"), "The oldest version of TLS that is spoken."),
    row("log.access", Kind::AccessLog, Value("stdout"), "Where the line of each finished request goes: `stdout`, `off`, or a file's path."),
    row("log.format", Kind::Choice(&["json", "pretty"]), Value("json"), "One JSON object a line, or lines for people."),
    row("log.level", Kind::Choice(&["error", "warn", "info", "debug", "trace"]), Value("info"), "The least important messages still written."),
    row("resolver.servers", Kind::Addresses, Absent("those of the system"), "DNS servers asked for the names of upstreams, with their port: `10.0.0.2:53`."),
    row("routes[].cors.max_age", GRACE, Value("2h"), "How long a browser may remember the answer to a preflight."),
    row("routes[].cors.origins", Kind::Origins, Required, "Origins of pages that are let in: `https://app.example.com`, `null`, or `*` for every page; any other page gets 403.").refuses("origin-refused", ORIGIN_REFUSED),
    row("routes[].host", Kind::Host, Absent("any host"), "Host asked for, without a port; `*.example.com` stands for exactly one label."),
    row("routes[].path", Kind::Path { example: "/mcp" }, Required, "Path prefix, replaced by the path of the upstream's URL; `/` is every path."),
    row("routes[].rewrite_metadata", Kind::Flag, Value("false"), "Shows the outside's URLs in OAuth metadata: `resource` in the document, `resource_metadata` in challenges."),
    row("routes[].upstream", Kind::Name, Required, "Which of `upstreams` serves it."),
    row("timeouts.body_idle", WAIT, Value("60s"), "Longest pause between bytes of a request body.").refuses("client-body-timeout", BODY_TIMEOUT),
    row("timeouts.header_read", WAIT, Value("10s"), "From the first byte of a request head to its last.").refuses("client-header-timeout", HEADER_TIMEOUT),
    row("timeouts.keep_alive", WAIT, Value("75s"), "How long a connection without a request is kept."),
    row("timeouts.ping", WAIT, Value("30s"), "How long an HTTP/2 client with open requests may send nothing before it is asked for a sign of life with a PING; without one in as long again its connection is closed."),
    row("timeouts.write_idle", WAIT, Value("5m"), "How long a client may read nothing of what it is sent.").refuses("client-write-timeout", WRITE_TIMEOUT),
    row("trace_context", Kind::Choice(&["continue", "off"]), Value("continue"), "What becomes of `traceparent`: `continue` makes the proxy's own span the parent, `off` passes the headers as they came."),
    row("trusted_proxies", Kind::Networks, Absent("none"), "Addresses or CIDR networks whose `Forwarded` and `X-Forwarded-*` headers are believed."),
    row("upstreams.<name>.affinity.by", Kind::Choice(&["session", "none"]), Value("session"), "What makes requests belong together: the `Mcp-Session-Id`, or the id of a task; or nothing."),
    row("upstreams.<name>.affinity.bytes_max", Kind::Size { min: 64 << 10, max: u64::MAX }, Value("64MiB"), "Memory the sessions and tasks of this upstream may take; the least recently used go first.").metric(AFFINITY_EVICTIONS),
    row("upstreams.<name>.affinity.entries_max", count("sessions", 1), Value("100000"), "Sessions and tasks remembered at once; the least recently used go first.").metric(AFFINITY_ENTRIES),
    row("upstreams.<name>.affinity.handshake_bytes_max", Kind::Size { min: 64 << 10, max: u64::MAX }, Value("16MiB"), "Memory that the kept `initialize` messages of `on_lost: reinitialize` may take; the least recently used go first.").metric(HANDSHAKE_BYTES),
    row("upstreams.<name>.affinity.key_file", Kind::File, Absent("required by `store: sealed`"), "Keys of the sealed store, 64 hexadecimal digits a line: the first seals, all of them open; read again on reload."),
    row("upstreams.<name>.affinity.lost_status", Kind::Statuses, Absent("404 alone"), "Statuses by which these servers say that a session is unknown; such an answer to a session's request reaches its client as 404.").metric(SESSION_REPAIRS),
    row("upstreams.<name>.affinity.on_lost", Kind::Choice(&["refuse", "reinitialize"]), Value("refuse"), "A session whose instance is gone: `refuse` answers 404 so that its client begins a new one; `reinitialize` sends the client's own `initialize` to a live instance and goes on there under the old id, for clients that never recover. No call is sent twice.").metric(SESSION_REPAIRS),
    row("upstreams.<name>.affinity.store", Kind::Choice(&["memory", "sealed"]), Value("memory"), "Where the mapping from session to instance is kept: in this process, or sealed into the session id that the client sees, which any number of replicas with the same keys can open. Tasks are always kept in this process."),
    row("upstreams.<name>.affinity.ttl", WAIT, Value("1h"), "How long a session or task is remembered after its last use.").metric(AFFINITY_EVICTIONS),
    row("upstreams.<name>.cache.bytes_max", Kind::Size { min: 64 << 10, max: u64::MAX }, Value("64MiB"), "Memory the answers of this upstream may take; the least recently used go first.").metric(CACHE_EVICTIONS),
    row("upstreams.<name>.cache.entries_max", count("answers", 1), Value("10000"), "Answers kept at once; the least recently used go first.").metric(CACHE_ENTRIES),
    row("upstreams.<name>.cache.entry_bytes_max", Kind::Size { min: 1 << 10, max: 64 << 20 }, Value("1MiB"), "The longest answer that is kept."),
    row("upstreams.<name>.cache.ttl_max", WAIT, Value("1h"), "How long an answer is kept at most, whatever its `ttlMs`.").metric(CACHE_EVICTIONS),
    row("upstreams.<name>.cache.wait", GRACE, Value("2s"), "How long a request waits for the answer to an equal one that is under way, before it is sent itself; `0s` is not at all.").metric(CACHE_REQUESTS),
    row("upstreams.<name>.discover", Kind::Choice(&["dns", "srv"]), Absent("instances are those of `url` or `urls`"), "Finds the instances by asking for the host of `url`: `dns` for A and AAAA records, `srv` for SRV."),
    row("upstreams.<name>.health.fall", checks(), Value("3"), "Bad answers in a row that make an instance unhealthy."),
    row("upstreams.<name>.health.interval", WAIT, Value("5s"), "Between the starts of two checks."),
    row("upstreams.<name>.health.path", Kind::Path { example: "/health" }, Required, "Path asked on each instance; never the MCP endpoint's own."),
    row("upstreams.<name>.health.rise", checks(), Value("1"), "Good answers in a row that make an instance healthy."),
    row("upstreams.<name>.health.timeout", WAIT, Value("2s"), "How long an answer may take."),
    row("upstreams.<name>.host", Kind::HostHeader, Value("keep"), "The `Host` instances see: `keep` the client's, `upstream` for the URL's own, or a fixed one."),
    row("upstreams.<name>.http2", Kind::Flag, Absent("to https instances that agree to it"), "Whether HTTP/2 is spoken to instances: `false` is never, `true` also to http ones (prior knowledge), all of which must speak it."),
    row("upstreams.<name>.keepalive", Kind::DurationOrOff, Value("15s"), "After how long without a byte a quiet event stream gets a comment, between events, or `off`.").metric(KEEPALIVE_COMMENTS),
    row("upstreams.<name>.mirror", Kind::Choice(&["enforce", "observe"]), Value("enforce"), "2026-07-28 headers that are not what the body says, `Mcp-Param-*` among them where a `tools/list` named them: `enforce` refuses the request with 400, `observe` only logs it.").refuses("header-mismatch", HEADER_MISMATCH),
    row("upstreams.<name>.pool.eject", GRACE, Value("5s"), "How long an instance gets no new sessions after a connect failure; `0s` is not at all."),
    row("upstreams.<name>.pool.idle", WAIT, Value("4s"), "How long an idle connection is kept; stay below the server's own limit (Node: 5 s)."),
    row("upstreams.<name>.pool.idle_connections_max", count("connections", 0), Value("256"), "Idle connections kept per worker and instance."),
    row("upstreams.<name>.timeouts.connect", WAIT, Value("5s"), "To open a connection to an instance.").refuses("upstream-unreachable", UNREACHABLE),
    row("upstreams.<name>.timeouts.idle", WAIT, Value("1h"), "Longest pause between bytes of a response.").refuses("idle-timeout", IDLE_TIMEOUT),
    row("upstreams.<name>.timeouts.ping", WAIT, Value("30s"), "How long an HTTP/2 connection with open requests may be silent before its instance is asked for a sign of life with a PING; without one in as long again it is closed."),
    row("upstreams.<name>.timeouts.response_head", WAIT, Value("10m"), "From the end of a request to the head of its response: how long a silent tool call may run.").refuses("response-timeout", RESPONSE_TIMEOUT),
    row("upstreams.<name>.timeouts.stream", WAIT, Value("24h"), "A whole exchange, from first byte to last.").refuses("stream-timeout", STREAM_TIMEOUT),
    row("upstreams.<name>.tls.ca", Kind::File, Absent("the system's roots"), "PEM file: the roots that are trusted, and no others. Read again when it changes."),
    row("upstreams.<name>.tls.certificate", Kind::File, Absent("none"), "PEM file: the certificate shown to instances that ask for one. Read again when it changes."),
    row("upstreams.<name>.tls.crl", Kind::File, Absent("none is revoked"), "PEM file: lists of revoked certificates, one of each issuer; with it an instance whose issuer has no list, or an outdated one, is refused. Read again when it changes."),
    row("upstreams.<name>.tls.key", Kind::File, Absent("none"), "PEM file: the private key of that certificate."),
    row("upstreams.<name>.tls.pins", Kind::Pins, Absent("none"), "Public keys, one of which an instance must have: `sha256/…`. Without `ca` a pin is all that is asked for."),
    row("upstreams.<name>.tls.server_name", Kind::ServerName, Absent("the URL's host"), "The name that is asked for (SNI) and verified."),
    row("upstreams.<name>.url", Kind::Url, Absent("`urls` is required"), "The MCP endpoint of the one instance, or with `discover` of the name they are found by."),
    row("upstreams.<name>.urls", Kind::Urls, Absent("`url` is required"), "The MCP endpoint of each instance, all with the same path."),
    row("workers", Kind::Workers, Value("auto"), "Worker threads; `auto` is one per core."),
];

const WAIT: Kind = Kind::Duration { zero: false };
const GRACE: Kind = Kind::Duration { zero: true };

const ACME_ORDERS: &str = "propylon_acme_orders_total";
const AFFINITY_ENTRIES: &str = "propylon_affinity_entries";
const AFFINITY_EVICTIONS: &str = "propylon_affinity_evictions_total";
const ANNOTATED_TOOLS: &str = "propylon_annotated_tools";
const BACKEND_REFUSED: &str = "propylon_refused_total{reason=\"backend-refused\"}";
const BODY_LIMIT: &str = "propylon_refused_total{reason=\"body-limit\"}";
const BODY_TIMEOUT: &str = "propylon_refused_total{reason=\"client-body-timeout\"}";
const CACHE_ENTRIES: &str = "propylon_cache_entries";
const CACHE_EVICTIONS: &str = "propylon_cache_evictions_total";
const CACHE_REQUESTS: &str = "propylon_cache_requests_total";
const CONNECTION_LIMIT: &str = "propylon_refused_total{reason=\"connection-limit\"}";
const FRAME_LIMIT: &str = "propylon_refused_total{reason=\"frame-limit\"}";
const HANDSHAKE_BYTES: &str = "propylon_handshake_bytes";
const HEADER_LIMIT: &str = "propylon_refused_total{reason=\"header-limit\"}";
const HEADER_MISMATCH: &str = "propylon_refused_total{reason=\"header-mismatch\"}";
const HEADER_TIMEOUT: &str = "propylon_refused_total{reason=\"client-header-timeout\"}";
const HTTP2_STREAMS: &str = "propylon_http2_streams_open";
const IDLE_TIMEOUT: &str = "propylon_refused_total{reason=\"idle-timeout\"}";
const ORIGIN_REFUSED: &str = "propylon_refused_total{reason=\"origin-refused\"}";
const KEEPALIVE_COMMENTS: &str = "propylon_keepalive_comments_total";
const PROXY_PROTOCOL: &str = "propylon_proxy_protocol_headers_total";
const RESPONSE_TIMEOUT: &str = "propylon_refused_total{reason=\"response-timeout\"}";
const SESSION_REPAIRS: &str = "propylon_session_repairs_total";
const STREAM_LIMIT: &str = "propylon_refused_total{reason=\"stream-limit\"}";
const STREAM_TIMEOUT: &str = "propylon_refused_total{reason=\"stream-timeout\"}";
const TENANT_RATE: &str = "propylon_refused_total{reason=\"tenant-rate-limit\"}";
const TENANT_STREAMS: &str = "propylon_refused_total{reason=\"tenant-stream-limit\"}";
const UNREACHABLE: &str = "propylon_refused_total{reason=\"upstream-unreachable\"}";
const WRITE_TIMEOUT: &str = "propylon_refused_total{reason=\"client-write-timeout\"}";

const fn count(of: &'static str, min: u64) -> Kind {
    Kind::Count {
        of,
        min,
        max: u32::MAX as u64,
    }
}

const fn checks() -> Kind {
    Kind::Count {
        of: "checks",
        min: 1,
        max: 1000,
    }
}

const fn row(key: &'static str, kind: Kind, default: Fallback, doc: &'static str) -> Setting {
    Setting {
        key,
        kind,
        default,
        metric: None,
        reason: None,
        doc,
    }
}

const fn group(key: &'static str, doc: &'static str) -> SectionInfo {
    SectionInfo {
        key,
        required: None,
        off: false,
        doc,
    }
}

impl Setting {
    const fn metric(self, metric: &'static str) -> Self {
        Setting {
            metric: Some(metric),
            ..self
        }
    }

    const fn refuses(self, reason: &'static str, metric: &'static str) -> Self {
        Setting {
            reason: Some(reason),
            metric: Some(metric),
            ..self
        }
    }
}

impl SectionInfo {
    const fn needed(self, example: &'static str) -> Self {
        SectionInfo {
            required: Some(example),
            ..self
        }
    }

    const fn with_off(self) -> Self {
        SectionInfo { off: true, ..self }
    }
}
