//! Web pages: which may call a route, and what their browsers are told of it.

use propylon_config::Deployment;

use super::word::kind;
use crate::origin::{ALLOWED, EXPOSED, Pages};
use crate::quote::json;
use crate::text::Text;
use crate::way::Way;

const HIDDEN: &[&str] = &["cors-headers-hidden"];

/// Whether any page is refused.
pub(super) fn refuses(deployment: &Deployment, way: &Way<'_>) -> bool {
    !Pages::of(deployment, way).is_anyone
}

/// The rule that refuses foreign pages, for one route.
pub(super) fn refusal(deployment: &Deployment, way: &Way<'_>, text: &mut Text) {
    text.why("Programs send no Origin; web pages may be of these.");
    text.line("envoy.filters.http.rbac:");
    text.deeper(|text| {
        text.line(kind("envoy.extensions.filters.http.rbac.v3.RBACPerRoute"));
        text.line("rbac:");
        text.deeper(|text| {
            text.line("rules:");
            text.deeper(|text| {
                text.line("action: DENY");
                text.line("policies:");
                text.deeper(|text| {
                    text.line("foreign-page:");
                    text.deeper(|text| {
                        text.held("permissions: [{ any: true }]", &["origin-unchecked"]);
                        let all = principals(&Pages::of(deployment, way));
                        text.line(format!("principals: [{{ and_ids: {{ ids: [{all}] }} }}]"));
                    });
                });
            });
        });
    });
}

fn principals(pages: &Pages) -> String {
    let mut all = vec!["{ header: { name: origin, present_match: true } }".to_owned()];
    all.extend(pages.origins.iter().map(|origin| {
        let origin = json(origin);
        format!(
            "{{ not_id: {{ header: {{ name: origin, string_match: {{ exact: {origin} }} }} }} }}"
        )
    }));
    all.join(", ")
}

/// The answer to what a browser asks before it sends what a page wants.
pub(super) fn preflight(deployment: &Deployment, way: &Way<'_>, text: &mut Text) {
    text.line("direct_response: { status: 204 }");
    text.line("response_headers_to_add:");
    text.deeper(|text| {
        added(
            "access-control-allow-origin",
            shown(deployment, way),
            HIDDEN,
            text,
        );
        added(
            "access-control-allow-methods",
            "GET, POST, DELETE, OPTIONS",
            &[],
            text,
        );
        let allowed = format!("{ALLOWED}, %REQ(access-control-request-headers)%");
        added("access-control-allow-headers", &allowed, HIDDEN, text);
        let max_age = way
            .route
            .cors
            .as_ref()
            .map_or(0, |cors| cors.max_age.as_secs());
        added("access-control-max-age", &max_age.to_string(), &[], text);
        added("vary", "Origin", &[], text);
    });
    if refuses(deployment, way) {
        text.line("typed_per_filter_config:");
        text.deeper(|text| refusal(deployment, way, text));
    }
}

/// What every other answer says.
pub(super) fn answers(deployment: &Deployment, way: &Way<'_>, text: &mut Text) {
    added(
        "access-control-allow-origin",
        shown(deployment, way),
        HIDDEN,
        text,
    );
    added("access-control-expose-headers", EXPOSED, HIDDEN, text);
    text.line("- { header: { key: vary, value: Origin }, append_action: APPEND_IF_EXISTS_OR_ADD }");
}

fn shown(deployment: &Deployment, way: &Way<'_>) -> &'static str {
    if refuses(deployment, way) {
        "%REQ(origin)%"
    } else {
        "*"
    }
}

fn added(name: &str, value: &str, practices: &[&str], text: &mut Text) {
    let line = format!(
        "- {{ header: {{ key: {name}, value: {} }}, append_action: OVERWRITE_IF_EXISTS_OR_ADD }}",
        json(value)
    );
    if practices.is_empty() {
        text.line(line);
    } else {
        text.held(line, practices);
    }
}
