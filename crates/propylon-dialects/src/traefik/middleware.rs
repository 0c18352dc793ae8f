//! The middlewares: what is refused, taken out, bounded, read whole, and what a path becomes.

use propylon_config::{Cors, Deployment, HostHeader, Upstream};

use crate::origin::{ALLOWED, EXPOSED, Pages};
use crate::quote::{json, json_list};
use crate::spelling::escaped;
use crate::text::Text;
use crate::way::{Way, ways};

/// What a client can send that some servers read as a header of their proxy.
const FORGEABLE: &[&str] = &[
    "Forwarded",
    "X_Forwarded_For",
    "X_Forwarded_Host",
    "X_Forwarded_Proto",
    "X_Real_IP",
];

/// Traefik takes that much memory for every request; most calls fit.
const READ_BYTES: usize = 64 * 1024;

/// Every middleware.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    text.line("middlewares:");
    text.deeper(|text| {
        of_all(deployment, text);
        for upstream in deployment.upstreams.values() {
            if let HostHeader::Fixed(host) = &upstream.host {
                text.line(format!("{}-host:", upstream.name));
                text.deeper(|text| {
                    text.line(format!(
                        "headers: {{ customRequestHeaders: {{ Host: {} }} }}",
                        json(host)
                    ));
                });
            }
        }
        for (number, way) in ways(deployment).iter().enumerate() {
            if let Some(cors) = &way.route.cors {
                text.line(format!("way{number}-pages:"));
                text.deeper(|text| pages(&Pages::of(deployment, way), cors, text));
            }
            paths(way, number, text);
        }
    });
}

/// Whether `Host` is a fixed one.
pub(super) fn sets_host(upstream: &Upstream) -> bool {
    matches!(upstream.host, HostHeader::Fixed(_))
}

fn of_all(deployment: &Deployment, text: &mut Text) {
    text.line("refuse:");
    text.deeper(|text| {
        text.why("The list holds nobody, so that everybody gets 403.");
        text.held(
            "ipAllowList: { sourceRange: [\"255.255.255.255/32\"] }",
            &["origin-unchecked"],
        );
    });
    text.line("senders:");
    text.deeper(|text| {
        text.why("X-Forwarded-* are Traefik's own; these it would pass as they came.");
        // A trusted proxy's own would be believed, and with it what the proxy let through.
        let trusted: &[&str] = if deployment.trusted_proxies.is_empty() {
            &[]
        } else {
            &["X-Real-Ip"]
        };
        let forgeable = FORGEABLE.iter().chain(trusted);
        let forgeable = forgeable.map(|name| format!("{name}: \"\""));
        let forgeable: Vec<String> = forgeable.collect();
        text.held(
            format!(
                "headers: {{ customRequestHeaders: {{ {} }} }}",
                forgeable.join(", ")
            ),
            &["forwarded-spoofable"],
        );
    });
    let mut tls = deployment
        .listeners
        .iter()
        .filter_map(|listener| listener.tls.as_ref());
    if let Some(hsts) = tls.find_map(|tls| tls.hsts) {
        text.line(format!(
            "hsts: {{ headers: {{ stsSeconds: {} }} }}",
            hsts.as_secs()
        ));
    }
    text.line("streams:");
    text.deeper(|text| {
        let most = deployment.limits.streams_per_client;
        text.held(
            format!("inFlightReq: {{ amount: {most}, sourceCriterion: {{ ipStrategy: {{ depth: 0 }} }} }}"),
            &["unbounded-streams"],
        );
    });
    text.line("whole:");
    text.deeper(whole);
}

/// What keeps Traefik from cutting answers.
fn whole(text: &mut Text) {
    text.why("An answer that begins before the last read of its request is cut, 10 to 20 in 3000. This reads a request of up to so many bytes before it is sent on, into memory of that size. The status is one that no server can send, so that nothing is ever sent again.");
    text.held(
        format!("retry: {{ attempts: 2, status: [\"1000\"], disableRetryOnNetworkError: true, retryNonIdempotentMethod: true, maxRequestBodyBytes: {READ_BYTES} }}"),
        &["sse-altered", "request-replayed"],
    );
}

/// What browsers are told, and what they ask before.
fn pages(pages: &Pages, cors: &Cors, text: &mut Text) {
    let hidden = &["cors-headers-hidden"];
    text.line("headers:");
    text.deeper(|text| {
        let origins = if pages.is_anyone {
            json_list(&["*"])
        } else {
            json_list(&pages.origins)
        };
        text.held(format!("accessControlAllowOriginList: {origins}"), hidden);
        text.line("accessControlAllowMethods: [GET, POST, DELETE, OPTIONS]");
        text.why("Traefik cannot repeat what was asked for; the star is for Mcp-Param-*.");
        let allowed: Vec<&str> = ALLOWED.split(", ").chain(["*"]).collect();
        text.held(
            format!("accessControlAllowHeaders: {}", json_list(&allowed)),
            hidden,
        );
        let exposed: Vec<&str> = EXPOSED.split(", ").collect();
        text.held(
            format!("accessControlExposeHeaders: {}", json_list(&exposed)),
            hidden,
        );
        text.line(format!("accessControlMaxAge: {}", cors.max_age.as_secs()));
        text.line("addVaryHeader: true");
        text.line("customResponseHeaders: { Access-Control-Allow-Credentials: \"\" }");
    });
}

/// What a way's paths become. The prefix alone, with and without a slash, is the endpoint.
fn paths(way: &Way<'_>, number: usize, text: &mut Text) {
    text.line(format!("way{number}-endpoint:"));
    text.deeper(|text| {
        text.held(
            format!("replacePath: {{ path: {} }}", json(way.endpoint)),
            &["redirect-drops-body"],
        );
    });
    if !way.is_rewritten() {
        return;
    }
    let (outside, inside) = (way.metadata_prefix(), way.metadata_base());
    for (end, from, to, practice) in [
        (
            "below",
            format!("^{}/", escaped(way.prefix)),
            format!("{}/", way.base),
            "endpoint-unrouted",
        ),
        (
            "metadata",
            format!("^{}(/|$)", escaped(&outside)),
            format!("{inside}$1"),
            "auth-metadata-unreachable",
        ),
    ] {
        text.line(format!("way{number}-{end}:"));
        text.deeper(|text| {
            text.held(
                format!(
                    "replacePathRegex: {{ regex: {}, replacement: {} }}",
                    json(&from),
                    json(&to)
                ),
                &[practice],
            );
        });
    }
}
