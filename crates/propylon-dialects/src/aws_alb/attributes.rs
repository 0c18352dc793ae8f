//! Settings by name: of the load balancer, of a target group, and of a listener.

use std::time::Duration;

use propylon_config::{AffinityBy, Cors, Upstream};

use super::plan::Attribute;
use crate::origin::{ALLOWED, EXPOSED};
use crate::way::{Way, has_several};

/// The origins of routes that say so; one alone can be answered by a fixed header.
fn origins<'w>(ways: &'w [Way<'_>]) -> Vec<String> {
    let listed = ways.iter().map(|way| {
        let origins = way
            .route
            .cors
            .iter()
            .flat_map(|cors: &'w Cors| &cors.origins);
        origins.map(ToString::to_string).collect::<Vec<_>>()
    });
    let mut listed: Vec<Vec<String>> = listed.collect();
    listed.dedup();
    match listed.as_slice() {
        [same] => same.clone(),
        _ => Vec::new(),
    }
}

pub(super) fn of_balancer(idle: u64) -> Vec<Attribute> {
    vec![
        Attribute {
            key: "idle_timeout.timeout_seconds",
            value: idle.to_string(),
            practices: &["idle-timeout-short", "response-timeout-short"],
            why: "For both sides, and for the wait for an answer as for the pauses in it. 60 s is the default.",
        },
        Attribute {
            key: "client_keep_alive.seconds",
            value: "3600".to_owned(),
            practices: &[],
            why: "How old a client's connection gets before it is closed behind an answer: no stream is cut by it.",
        },
        Attribute {
            key: "routing.http.desync_mitigation_mode",
            value: "defensive".to_owned(),
            practices: &[],
            why: "A request that two servers could read in two ways closes its connection.",
        },
        Attribute {
            key: "routing.http.drop_invalid_header_fields.enabled",
            value: "false".to_owned(),
            practices: &["param-headers-lost"],
            why: "Mcp-Param-user_id and Mcp-Param-geo.region have names that count as invalid.",
        },
        Attribute {
            key: "routing.http2.enabled",
            value: "false".to_owned(),
            practices: &["param-headers-lost", "http2-stream-limit"],
            why: "With HTTP/2 every client's header names must be letters, digits and hyphens, and a connection has 128 requests at most.",
        },
        Attribute {
            key: "routing.http.preserve_host_header.enabled",
            value: "true".to_owned(),
            practices: &["host-rewritten"],
            why: "",
        },
        Attribute {
            key: "routing.http.xff_header_processing.mode",
            value: "append".to_owned(),
            practices: &["forwarded-spoofable"],
            why: "The last entry is the true one: what a client sent itself stands before it.",
        },
    ]
}

pub(super) fn of_group(upstream: &Upstream, drain: u64, ttl: u64) -> Vec<Attribute> {
    let is_sticky = upstream.affinity.by == AffinityBy::Session && has_several(upstream);
    let mut attributes = vec![
        Attribute {
            key: "deregistration_delay.timeout_seconds",
            value: drain.to_string(),
            practices: &["drain-cuts-streams"],
            why: "How long a target that leaves may finish its streams.",
        },
        Attribute {
            key: "load_balancing.algorithm.type",
            value: "least_outstanding_requests".to_owned(),
            practices: &["passive-ejection"],
            why: "An open stream counts as load; and weighted_random would hold failed calls against a target.",
        },
        Attribute {
            key: "stickiness.enabled",
            value: is_sticky.to_string(),
            practices: if is_sticky {
                &["session-scattered"]
            } else {
                &[]
            },
            why: if is_sticky {
                "Only for the few clients that keep cookies: see session-scattered above."
            } else {
                ""
            },
        },
    ];
    if is_sticky {
        attributes.extend([
            Attribute {
                key: "stickiness.type",
                value: "lb_cookie".to_owned(),
                practices: &[],
                why: "",
            },
            Attribute {
                key: "stickiness.lb_cookie.duration_seconds",
                value: ttl.to_string(),
                practices: &[],
                why: "",
            },
        ]);
    }
    attributes
}

/// Headers for browsers, the same in every answer.
pub(super) fn of_listener(ways: &[Way<'_>], hsts: Option<Duration>) -> Vec<Attribute> {
    let mut attributes = cors(ways);
    attributes.extend(hsts.map(|age| Attribute {
        key: "routing.http.response.strict_transport_security.header_value",
        value: format!("max-age={}", seconds(age)),
        practices: &[],
        why: "",
    }));
    attributes
}

/// None where no route says anything of pages.
fn cors(ways: &[Way<'_>]) -> Vec<Attribute> {
    let ages = ways.iter().filter_map(|way| way.route.cors.as_ref());
    let Some(age) = ages.map(|cors| cors.max_age).min() else {
        return Vec::new();
    };
    let header = |key, value: String, why| Attribute {
        key,
        value,
        practices: &["cors-headers-hidden"],
        why,
    };
    let mut attributes = Vec::new();
    if let [origin] = origins(ways).as_slice() {
        attributes.push(header(
            "routing.http.response.access_control_allow_origin.header_value",
            origin.clone(),
            "In the place of what a server says: switch its own CORS off, except that it must answer OPTIONS.",
        ));
    }
    let others = [
        (
            "routing.http.response.access_control_allow_methods.header_value",
            "GET, POST, DELETE, OPTIONS".to_owned(),
        ),
        (
            "routing.http.response.access_control_allow_headers.header_value",
            ALLOWED.to_owned(),
        ),
        (
            "routing.http.response.access_control_expose_headers.header_value",
            EXPOSED.to_owned(),
        ),
        (
            "routing.http.response.access_control_max_age.header_value",
            seconds(age).to_string(),
        ),
    ];
    attributes.extend(others.map(|(key, value)| header(key, value, "")));
    attributes
}

/// Whole seconds, never fewer than asked for.
pub(super) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
