//! The filters of every request: the tag of its session, its page's origin, and the way to its instance.

use propylon_config::Deployment;

use super::cluster::is_enveloped;
use super::word::kind;
use crate::text::Text;
use crate::way::is_tagged;

/// Where a session's tag is put for the load balancer, and its id for the route.
pub(super) const ID: &str = "mcp:id";

/// The filters, in the order they are passed.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    if deployment.upstreams.values().any(is_tagged) {
        text.why("A session's id carries the instance that made it, in front: `a~`.");
        named(
            "header_to_metadata",
            "header_to_metadata.v3.Config",
            text,
            |text| {
                text.line("request_rules:");
                text.deeper(|text| {
                    rule("envoy.lb", "tag", "^([a-z]+)~.+$", text);
                    rule("mcp", "id", "^[a-z]+~(.+)$", text);
                });
            },
        );
    }
    if deployment.upstreams.values().any(is_enveloped) {
        named(
            "stateful_session",
            "stateful_session.v3.StatefulSession",
            text,
            |_| {},
        );
    }
    named("rbac", "rbac.v3.RBAC", text, |_| {});
    named("router", "router.v3.Router", text, |text| {
        text.line("suppress_envoy_headers: true");
    });
}

fn rule(namespace: &str, key: &str, pattern: &str, text: &mut Text) {
    text.line("- header: mcp-session-id");
    text.deeper(|text| {
        text.held(
            format!("on_header_present: {{ metadata_namespace: {namespace}, key: {key}, regex_value_rewrite: {{ pattern: {{ regex: \"{pattern}\" }}, substitution: \"\\\\1\" }} }}"),
            &["session-scattered", "session-resumed-elsewhere"],
        );
    });
}

fn named(name: &str, of: &str, text: &mut Text, inside: impl FnOnce(&mut Text)) {
    text.line(format!("- name: envoy.filters.http.{name}"));
    text.deeper(|text| {
        text.line("typed_config:");
        text.deeper(|text| {
            text.line(kind(&format!("envoy.extensions.filters.http.{of}")));
            inside(text);
        });
    });
}
