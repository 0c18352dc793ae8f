//! front/httproute.yaml: the way from a Gateway to Propylon.

use super::manifest::{file, object};
use super::plan::{NAME, Plan};
use crate::emission::Emission;
use crate::quote::json_list;

pub(super) fn http_route(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, "front/httproute.yaml", |text| {
        object(text, "gateway.networking.k8s.io/v1", "HTTPRoute", NAME);
        text.line("spec:");
        text.deeper(|text| {
            text.why("Your Gateway, and its listener with TLS alone: what comes in the clear finds no route, rather than a redirect that turns a POST into a GET.");
            text.held("parentRefs: [{ name: gateway, sectionName: https }]", &["redirect-drops-body"]);
            if !plan.hosts.is_empty() {
                text.line(format!("hostnames: {}", json_list(&plan.hosts)));
            }
            text.line("rules:");
            text.deeper(|text| {
                text.why("Every path: Propylon tells its routes and their metadata apart.");
                text.held(
                    "- matches: [{ path: { type: PathPrefix, value: / } }]",
                    &["endpoint-unrouted", "auth-metadata-unreachable"],
                );
                text.deeper(|text| {
                    text.why("0s is no limit: how long a call and a stream may take is Propylon's to say.");
                    text.held("timeouts: { request: 0s, backendRequest: 0s }", &["response-timeout-short", "idle-timeout-short"]);
                    text.why("And no `retry`: a tool call that was sent may have run.");
                    text.held(format!("backendRefs: [{{ name: {NAME}, port: 80 }}]"), &["request-replayed"]);
                });
            });
        });
    });
}
