//! worker/wrangler.jsonc: how the Worker is deployed, and the description it works from.

use std::time::Duration;

use super::plan::{Plan, PlannedUpstream, comment_ms};
use crate::emission::Emission;
use crate::quote::json;
use crate::text::Text;
use crate::way::{Way, instances};

/// What the runtime promised on this day holds.
const COMPATIBILITY_DATE: &str = "2026-11-01";
/// The path asked on an instance without a health check: any answer shows that it lives.
const ANY_PATH: &str = "/";
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    let mut text = Text::new("//", "  ");
    text.opening(&super::TARGET, emission);
    text.block("{", "}", |text| {
        text.line("\"$schema\": \"node_modules/wrangler/config-schema.json\",");
        text.line("\"name\": \"mcp-gate\",");
        text.line("\"main\": \"src/index.js\",");
        text.line(format!("\"compatibility_date\": \"{COMPATIBILITY_DATE}\","));
        text.block("\"compatibility_flags\": [", "],", |text| {
            text.held("\"enable_request_signal\",", &["disconnect-not-propagated"]);
            text.held(
                "\"global_fetch_strictly_public\"",
                &["ssrf-private-address", "ssrf-rebinding"],
            );
        });
        routes(text, plan);
        network(text, plan);
        text.why("wrangler tail shows nothing of requests, and no log is kept.");
        text.held(
            "\"observability\": { \"enabled\": false },",
            &["log-credentials", "log-payload", "log-session-id"],
        );
        text.why("32 random bytes, the same for every version: openssl rand -hex 32 | npx wrangler secret put SESSION_KEY");
        text.held(
            "\"secrets\": { \"required\": [\"SESSION_KEY\"] },",
            &["session-scattered", "session-id-readable"],
        );
        text.block("\"vars\": {", "}", |text| {
            text.block("\"DEPLOYMENT\": {", "}", |text| description(text, plan));
        });
    });
    emission.file("worker/wrangler.jsonc", text.finish());
}

fn routes(text: &mut Text, plan: &Plan<'_>) {
    if plan.hosts.is_empty() {
        text.line("\"workers_dev\": true,");
        text.line("\"preview_urls\": false,");
        return;
    }
    text.why("Only under the routes' hosts: at another name no rule of the zone would hold.");
    text.line("\"workers_dev\": false,");
    text.line("\"preview_urls\": false,");
    text.why("The whole host, so that a path with and without a slash, and the metadata's, reach the Worker.");
    text.block("\"routes\": [", "],", |text| {
        let last = plan.hosts.len().saturating_sub(1);
        for (at, host) in plan.hosts.iter().enumerate() {
            let comma = if at == last { "" } else { "," };
            let route = match host.strip_prefix("*.") {
                Some(zone) => {
                    format!("{{ \"pattern\": \"{host}/*\", \"zone_name\": \"{zone}\" }}{comma}")
                }
                None => format!("{{ \"pattern\": \"{host}\", \"custom_domain\": true }}{comma}"),
            };
            text.held(route, &["endpoint-unrouted", "auth-metadata-unreachable"]);
        }
    });
}

fn network(text: &mut Text, plan: &Plan<'_>) {
    if !plan.has_private() {
        return;
    }
    text.why("Workers VPC: private instances are reached by their own URLs, through the tunnel of cloudflared.yml and the routes of rules.tf, and have no name of their own outside.");
    text.held(
        "\"vpc_networks\": [{ \"binding\": \"NETWORK\", \"network_id\": \"cf1:network\" }],",
        &["tls-upstream-plaintext"],
    );
}

fn description(text: &mut Text, plan: &Plan<'_>) {
    let health = plan
        .deployment
        .listeners
        .iter()
        .find_map(|listener| listener.health.as_deref());
    if let Some(health) = health {
        text.held(
            format!("\"health\": {},", json(health)),
            &["health-missing"],
        );
    }
    text.held(
        format!("\"bodyBytes\": {},", plan.deployment.limits.body_bytes),
        &["body-limit-small"],
    );
    text.block("\"routes\": [", "],", |text| {
        let last = plan.ways.len().saturating_sub(1);
        for (at, way) in plan.ways.iter().enumerate() {
            route(text, way, if at == last { "" } else { "," });
        }
    });
    text.block("\"upstreams\": {", "}", |text| {
        let last = plan.upstreams.len().saturating_sub(1);
        for (at, each) in plan.upstreams.iter().enumerate() {
            let close = if at == last { "}" } else { "}," };
            let open = format!("{}: {{", json(each.name));
            text.block(&open, close, |text| upstream(text, each));
        }
    });
}

fn route(text: &mut Text, way: &Way<'_>, comma: &str) {
    let host = way.route.host.as_deref().map_or("null".to_owned(), json);
    let path = if way.prefix.is_empty() {
        "/"
    } else {
        way.prefix
    };
    let cors = way.route.cors.as_ref();
    let origins: Vec<String> = cors.map_or_else(Vec::new, |cors| {
        cors.origins
            .iter()
            .map(|origin| json(&origin.to_string()))
            .collect()
    });
    let max_age = cors.map_or(propylon_config::Cors::MAX_AGE, |cors| cors.max_age);
    text.block("{", &format!("}}{comma}"), |text| {
        text.line(format!("\"host\": {host},"));
        text.line(format!("\"path\": {},", json(path)));
        text.line(format!("\"upstream\": {},", json(&way.upstream.name)));
        text.why("Pages of other origins get 403; the route's own is always let in.");
        text.held(
            format!("\"origins\": [{}],", origins.join(", ")),
            &["origin-unchecked", "cors-headers-hidden"],
        );
        text.line(format!("\"corsMaxAge\": {}", max_age.as_secs()));
    });
}

fn upstream(text: &mut Text, each: &PlannedUpstream<'_>) {
    let upstream = each.upstream;
    let timeouts = &upstream.timeouts;
    let health = upstream.health.as_ref();
    text.line(format!("\"path\": {},", json(upstream.endpoints.path())));
    text.line(format!("\"isPrivate\": {},", each.is_private));
    text.why("An id of a session carries which of these made it; their order does not matter.");
    text.held(
        format!("\"affinity\": {},", each.is_sealed),
        &["session-scattered", "session-resumed-elsewhere"],
    );
    text.block("\"instances\": [", "],", |text| {
        let instances = instances(upstream);
        let last = instances.len().saturating_sub(1);
        for (at, instance) in instances.iter().enumerate() {
            let comma = if at == last { "" } else { "," };
            text.line(format!("{}{comma}", json(&instance.url.origin())));
        }
    });
    text.why("Asked when a request of a session has failed: 404 if the instance is gone, 503 if it is slow.");
    text.held(
        format!(
            "\"health\": {},",
            json(health.map_or(ANY_PATH, |health| &health.path))
        ),
        &["dead-session-status", "health-on-endpoint"],
    );
    let timeout = health.map_or(HEALTH_TIMEOUT, |health| health.timeout);
    text.line(format!("\"healthMs\": {},", timeout.as_millis()));
    text.line(format!("\"ejectMs\": {},", upstream.pool.eject.as_millis()));
    text.held(
        format!(
            "\"responseHeadMs\": {},",
            timeouts.response_head.as_millis()
        ),
        &["response-timeout-short"],
    );
    text.held(
        format!("\"idleMs\": {},", timeouts.idle.as_millis()),
        &["idle-timeout-short"],
    );
    text.line(format!("\"streamMs\": {},", timeouts.stream.as_millis()));
    text.held(
        format!("\"commentMs\": {}", comment_ms(upstream)),
        &["sse-keepalive-missing"],
    );
}
