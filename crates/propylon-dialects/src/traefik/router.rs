//! The routers: one for each kind of request of each way, most of them with a middleware that sets the path.

use propylon_config::Deployment;

use super::rule::{self, Kind};
use crate::origin::Pages;
use crate::quote::{json, json_list};
use crate::spelling::health_paths;
use crate::text::Text;
use crate::way::{Way, sites, ways};

const KINDS: &[Kind] = &[
    Kind::Metadata,
    Kind::OnlyMetadata,
    Kind::Foreign,
    Kind::Endpoint,
    Kind::Below,
];

/// Every router.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    let ways = ways(deployment);
    text.line("routers:");
    text.deeper(|text| {
        for (number, way) in ways.iter().enumerate() {
            for kind in KINDS {
                if has(deployment, way, *kind) {
                    router(deployment, &ways, number, *kind, text);
                }
            }
        }
        health(deployment, text);
    });
}

fn router(deployment: &Deployment, ways: &[Way<'_>], number: usize, kind: Kind, text: &mut Text) {
    let Some(way) = ways.get(number) else {
        return;
    };
    let pages = Pages::of(deployment, way);
    let host = way.route.host.as_deref();
    let practice = match kind {
        Kind::Metadata | Kind::OnlyMetadata => "auth-metadata-unreachable",
        Kind::Foreign => "origin-unchecked",
        Kind::Endpoint | Kind::Below => "endpoint-unrouted",
    };
    text.line(format!("way{number}-{}:", kind.as_str()));
    text.deeper(|text| {
        let rule = json(&rule::of(way, kind, host, &pages.origins));
        text.held(format!("rule: {rule}"), &[practice]);
        let priority = rule::priority(kind, number, ways.len());
        text.line(format!("priority: {priority}"));
        let middlewares = middlewares(way, number, kind);
        text.line(format!("middlewares: {}", json_list(&middlewares)));
        text.line(format!("service: {}", way.upstream.name));
    });
}

/// Whether the way has a router of this kind.
fn has(deployment: &Deployment, way: &Way<'_>, kind: Kind) -> bool {
    match kind {
        Kind::Foreign => !Pages::of(deployment, way).is_anyone,
        Kind::OnlyMetadata => sites(deployment).iter().any(|site| {
            site.host == way.route.host.as_deref()
                && site
                    .only()
                    .is_some_and(|only| std::ptr::eq(only.route, way.route))
        }),
        Kind::Metadata | Kind::Endpoint | Kind::Below => true,
    }
}

/// What a request passes on its way, in order.
fn middlewares(way: &Way<'_>, number: usize, kind: Kind) -> Vec<String> {
    let own = |end: &str| format!("way{number}-{end}");
    let mut all = Vec::new();
    match kind {
        Kind::Foreign => return vec!["refuse".to_owned()],
        Kind::Metadata | Kind::OnlyMetadata => {}
        Kind::Endpoint | Kind::Below => {
            if way.route.cors.is_some() {
                all.push(own("pages"));
            }
            all.push("streams".to_owned());
            all.push("whole".to_owned());
        }
    }
    all.push("senders".to_owned());
    match kind {
        Kind::Endpoint => all.push(own("endpoint")),
        Kind::Below | Kind::Metadata if way.is_rewritten() => all.push(own(kind.as_str())),
        _ => {}
    }
    if super::middleware::sets_host(way.upstream) {
        all.push(format!("{}-host", way.upstream.name));
    }
    all
}

/// Traefik's own answer where no route claims the path.
fn health(deployment: &Deployment, text: &mut Text) {
    let paths = health_paths(deployment);
    if paths.is_empty() {
        return;
    }
    let paths: Vec<String> = paths.iter().map(|path| format!("Path(`{path}`)")).collect();
    text.line("health:");
    text.deeper(|text| {
        text.held(
            format!("rule: {}", json(&paths.join(" || "))),
            &["health-missing"],
        );
        text.line("priority: 1");
        text.line("service: ping@internal");
    });
}
