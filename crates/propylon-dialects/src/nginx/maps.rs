//! Variables worked out from a request: whether its page may call a route, and what is believed of its `X-Forwarded-*`.

use propylon_config::Deployment;

use super::word::quoted;
use crate::origin::Pages;
use crate::text::Text;
use crate::way::{Way, ways};

/// Every map that the servers use.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    for (number, pages) in all_pages(deployment).iter().enumerate() {
        origin(number, pages, text);
    }
    if deployment.routes.iter().any(|route| route.cors.is_some()) {
        let from = "$request_method:$http_access_control_request_method";
        text.block(&format!("map \"{from}\" $mcp_preflight {{"), "}", |text| {
            text.line("default 0;");
            text.line("\"~^OPTIONS:.\" 1;");
        });
    }
    if !deployment.trusted_proxies.is_empty() {
        trusted(deployment, text);
    }
}

/// The number of the maps for the pages that may call this route.
pub(super) fn number_of(deployment: &Deployment, way: &Way<'_>) -> usize {
    let pages = Pages::of(deployment, way);
    all_pages(deployment)
        .iter()
        .position(|each| *each == pages)
        .unwrap_or(0)
}

/// The different lists of pages that routes have.
fn all_pages(deployment: &Deployment) -> Vec<Pages> {
    let mut all: Vec<Pages> = Vec::new();
    for way in ways(deployment) {
        let pages = Pages::of(deployment, &way);
        if !all.contains(&pages) {
            all.push(pages);
        }
    }
    all
}

fn origin(number: usize, pages: &Pages, text: &mut Text) {
    text.why("Programs send no Origin; web pages may be of these.");
    let refused = u8::from(!pages.is_anyone);
    text.block(
        &format!("map $http_origin $mcp_foreign_{number} {{"),
        "}",
        |text| {
            text.held(format!("default {refused};"), &["origin-unchecked"]);
            text.line("\"\" 0;");
            for origin in &pages.origins {
                text.line(format!("{} 0;", quoted(origin)));
            }
        },
    );
    let allowed = if pages.is_anyone { "*" } else { "$http_origin" };
    text.block(
        &format!("map $mcp_foreign_{number}:$http_origin $mcp_page_{number} {{"),
        "}",
        |text| {
            text.line("default \"\";");
            text.line(format!("\"~^0:.\" {allowed};"));
        },
    );
}

/// What a trusted proxy says of the client counts; what anybody else says does not.
fn trusted(deployment: &Deployment, text: &mut Text) {
    text.block("geo $realip_remote_addr $mcp_trusted {", "}", |text| {
        text.line("default 0;");
        for network in &deployment.trusted_proxies {
            text.line(format!("{network} 1;"));
        }
    });
    let from = "$mcp_trusted:$http_x_forwarded_proto";
    text.block(&format!("map \"{from}\" $mcp_scheme {{"), "}", |text| {
        text.line("default $scheme;");
        text.line("\"~^1:https$\" https;");
        text.line("\"~^1:http$\" http;");
    });
    let from = "$mcp_trusted:$http_x_forwarded_host";
    text.block(
        &format!("map \"{from}\" $mcp_outside_host {{"),
        "}",
        |text| {
            text.line("default $http_host;");
            text.line("\"~^1:(?<mcp_named_host>[^ ,]+)$\" $mcp_named_host;");
        },
    );
}
