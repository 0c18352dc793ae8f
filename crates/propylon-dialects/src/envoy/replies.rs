//! What Envoy says itself, as JSON-RPC errors.

use crate::quote::json;
use crate::refusal;
use crate::text::Text;

/// The mappers: the first that fits is taken.
pub(super) fn write(text: &mut Text) {
    text.line("mappers:");
    text.deeper(|text| {
        text.why("An instance that cannot be reached has ended, and its sessions with it.");
        text.line("- filter:");
        text.deeper(|text| {
            text.deeper(lost);
            text.held("status_code: 404", &["dead-session-status"]);
            body(refusal::SESSION_LOST, text);
        });
        text.why("Beyond what a cluster takes at once.");
        text.line("- filter: { response_flag_filter: { flags: [UO] } }");
        text.deeper(|text| {
            text.held("status_code: 429", &["rate-limit-shape"]);
            again(text);
            body(&refusal::own("429", "Too many streams"), text);
        });
        text.line("- filter: { status_code_filter: { comparison: { op: GE, value: { default_value: 500, runtime_key: mcp.own_errors } } } }");
        text.deeper(|text| {
            again(text);
            body(&refusal::own("503", "No instance answers"), text);
        });
    });
}

/// A session with a tag, whose instance could not be connected to.
fn lost(text: &mut Text) {
    text.line("and_filter:");
    text.deeper(|text| {
        text.line("filters:");
        text.deeper(|text| {
            text.line("- response_flag_filter: { flags: [UF] }");
            text.line("- metadata_filter: { matcher: { filter: envoy.lb, path: [{ key: tag }], value: { string_match: { safe_regex: { regex: \"[a-z]{1,2}\" } } } }, match_if_key_not_found: false }");
        });
    });
}

fn again(text: &mut Text) {
    text.line("headers_to_add: [{ header: { key: retry-after, value: \"5\" } }]");
}

fn body(what: &str, text: &mut Text) {
    text.line(format!("body: {{ inline_string: {} }}", json(what)));
    text.line("body_format_override: { text_format_source: { inline_string: \"%LOCAL_REPLY_BODY%\" }, content_type: application/json }");
}
