//! What the Worker, the zone's rules and the tunnel do about each practice.

use crate::coverage::{Coverage, by_default, cannot, held, not_applicable, partly};

const BEHIND: &str = "Put Propylon between the tunnel and the instances.";
const COMMENTS: &str =
    "Let the server answer as an event stream and send a comment at least every 60 s.";
const RECEIVED: &str = "the Worker passes on the headers it got";

pub(super) const COVERAGE: &[Coverage] = &[
    by_default("accept-rewritten", RECEIVED),
    by_default(
        "affinity-unbounded",
        "the instance is in the id, so there is no table",
    ),
    held(
        "auth-challenge-lost",
        "showOutside: challenges pass, and their URLs are those of the outside",
    ),
    held(
        "auth-metadata-unreachable",
        "the whole host is the Worker's, and showMetadata names the outside's URL",
    ),
    by_default("authorization-lost", RECEIVED),
    held(
        "body-altered",
        "bodies pass as bytes, and the rewriters of the zone are off",
    ),
    partly(
        "body-limit-small",
        "the plan refuses requests above 100 MB (Free and Pro), 200 MB (Business) or 500 MB.",
        "Keep requests below it; answers have no limit.",
    ),
    held(
        "client-blocked",
        "a skip rule for managed rules and bot rules; Bot Fight Mode of the Free plan must be off",
    ),
    cannot(
        "connect-timeout-long",
        "an instance that does not answer is given up after 19 s, and nothing shortens that.",
        BEHIND,
    ),
    by_default("content-type-rewritten", RECEIVED),
    held(
        "cors-headers-hidden",
        "origin.js answers preflights and exposes the headers",
    ),
    held(
        "dead-session-status",
        "an id of no instance, or of one whose health path refuses, is 404",
    ),
    by_default(
        "disconnect-cancels-legacy",
        "a close ends the connection, and the server decides",
    ),
    held(
        "disconnect-not-propagated",
        "`enable_request_signal`, and comments that show who is gone",
    ),
    partly(
        "drain-cuts-streams",
        "cloudflared ends its streams 3 minutes after it was told to stop.",
        "Run two of them and stop one after the other; clients resume by Last-Event-ID.",
    ),
    held(
        "endpoint-unrouted",
        "the whole host is the Worker's, with and without a slash",
    ),
    partly(
        "error-body-replaced",
        "the edge puts a page of its own in the place of 520 to 527, and of 502 and 504 of a public origin.",
        "Enterprise zones: origin_error_page_pass_thru. Else reach the instances through the tunnel.",
    ),
    held(
        "forwarded-spoofable",
        "what a client says of itself is dropped; CF-Connecting-IP is the edge's own",
    ),
    partly(
        "header-limit-small",
        "a single header above 16 KB is refused by the edge.",
        "Keep tokens and Mcp-Param-* values shorter.",
    ),
    held(
        "health-missing",
        "the Worker answers the listener's health path",
    ),
    held(
        "health-on-endpoint",
        "only the health path is asked, and only after a failure",
    ),
    partly(
        "host-rewritten",
        "fetch takes Host from the instance's URL; the outside name is in X-Forwarded-Host.",
        "Let the server accept the instance's name as Host, and read X-Forwarded-Host.",
    ),
    by_default(
        "http2-stream-limit",
        "the edge sees to many streams of one client",
    ),
    partly(
        "idle-timeout-order",
        "the edge keeps idle connections to instances for up to 900 s, which cannot be changed.",
        "Let the servers keep theirs for 960 s.",
    ),
    partly(
        "idle-timeout-short",
        "a stream on which an instance sends nothing for 120 s may be cut between instance and Worker.",
        COMMENTS,
    ),
    partly(
        "keepalive-race",
        "the edge may send on a connection that a server with a short keep-alive (Node: 5 s) is closing.",
        "Let the servers keep idle connections for 960 s.",
    ),
    by_default("last-event-id-lost", RECEIVED),
    held(
        "log-credentials",
        "no logs of the Worker; request logs of the zone hold no headers",
    ),
    held("log-payload", "no logs of the Worker"),
    held("log-session-id", "no logs of the Worker"),
    by_default(
        "method-blocked",
        "the Worker passes every method, and the skip rule keeps the WAF from it",
    ),
    by_default("method-headers-lost", RECEIVED),
    by_default(
        "mirror-unchecked",
        "the Worker does not act on mirrored headers: the server checks them",
    ),
    held(
        "origin-unchecked",
        "origin.js answers 403 to pages of foreign origins",
    ),
    partly(
        "param-headers-lost",
        "the edge may drop names with a dot, as nginx would.",
        "Use hyphens in the names.",
    ),
    held(
        "passive-ejection",
        "sessions stay whatever their calls come to; only new ones keep away from an instance that refused",
    ),
    not_applicable("rate-limit-shape", "no rate limit is written"),
    partly(
        "redirect-drops-body",
        "while \"Always Use HTTPS\" is on for the zone, its 301 comes before the 308 of rules.tf.",
        "Switch it off: the rule sends everybody to https.",
    ),
    by_default(
        "reload-forgets-sessions",
        "the instance is in the id; only a new SESSION_KEY ends sessions",
    ),
    held(
        "request-replayed",
        "one fetch for one request, whatever comes of it",
    ),
    partly(
        "response-header-lost",
        "Cloudflare removes X-Accel-* headers of answers.",
        "Nothing to do unless a proxy between client and edge needs them.",
    ),
    partly(
        "response-timeout-short",
        "a call that sends nothing for 120 s is answered 524 by the edge where the instance is a public origin.",
        COMMENTS,
    ),
    by_default(
        "session-header-lost",
        "the id is tagged on its way out and changed back on its way in",
    ),
    held(
        "session-id-readable",
        "the tag is an HMAC: it shows nothing, and only the key finds its instance",
    ),
    partly(
        "session-open-to-others",
        "the Worker knows no principals, so whoever learns an id can use it with any token the server accepts.",
        "Let the server bind a session to the token's subject.",
    ),
    held(
        "session-resumed-elsewhere",
        "every method of a session goes by its id",
    ),
    held(
        "session-scattered",
        "the id carries the instance that made it",
    ),
    held(
        "slow-reader-starves-others",
        "nothing is read from a stream that nobody asks for",
    ),
    by_default("sse-altered", "events pass as bytes"),
    held(
        "sse-buffered",
        "each piece leaves when it arrives, and no compression holds it",
    ),
    held(
        "sse-cached",
        "the cache is bypassed, and streams say no-cache, no-transform",
    ),
    held(
        "sse-compressed",
        "Accept-Encoding: identity to instances, and a compression rule with none",
    ),
    partly(
        "sse-endpoint-unrewritten",
        "the endpoint event of the 2024-11-05 transport names the path inside, and its session is in a query.",
        "Keep the path the same inside and outside, and run one instance for servers of that revision.",
    ),
    by_default(
        "sse-head-withheld",
        "the head leaves when the instance's has come",
    ),
    held(
        "sse-keepalive-missing",
        "a comment between events after at most 15 s",
    ),
    held(
        "ssrf-private-address",
        "only instances of the description are asked; `global_fetch_strictly_public`",
    ),
    held(
        "ssrf-rebinding",
        "`global_fetch_strictly_public`: public names never reach what is private",
    ),
    held("ssrf-redirect", "fetch with `redirect: \"manual\"`"),
    not_applicable(
        "ssrf-scheme-port",
        "instances are written in the description",
    ),
    cannot(
        "task-scattered",
        "a task's id is in the body of the answer that makes it, where the Worker does not look.",
        "Keep tasks in a store that the instances share, or put Propylon between the tunnel and the instances.",
    ),
    by_default(
        "tls-certificate",
        "the edge gets and renews the certificate of a custom domain",
    ),
    held("tls-old-version", "`min_tls_version`, for the whole zone"),
    held(
        "tls-upstream-plaintext",
        "plain http goes through the tunnel only",
    ),
    held(
        "tls-upstream-unverified",
        "`ssl = \"strict\"` for public origins",
    ),
    by_default("trace-context-lost", RECEIVED),
    cannot(
        "unbounded-streams",
        "isolates do not know of each other, so nothing counts the streams of a client.",
        "Bound them in the server, or put Propylon between the tunnel and the instances.",
    ),
    held(
        "upstream-loss-hidden",
        "an error of an instance's stream breaks the client's",
    ),
    by_default("version-header-lost", RECEIVED),
];
