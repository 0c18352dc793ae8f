//! Web pages: which may call a route, and what their browsers are told of it.

use propylon_config::Deployment;

use super::word::quoted;
use crate::origin::{ALLOWED, EXPOSED, Pages};
use crate::text::Text;
use crate::way::{RESOURCE_METADATA, Way};

/// The rules of every route, and those for the answers of routes that let pages in.
pub(super) fn write(deployment: &Deployment, ways: &[Way<'_>], text: &mut Text) {
    text.blank();
    text.why("Programs send no Origin; web pages may be of these.");
    for (number, way) in ways.iter().enumerate() {
        let pages = Pages::of(deployment, way);
        let chosen = format!("{{ var(txn.way) -m str {number} }}");
        let origins: Vec<String> = pages.origins.iter().map(|origin| quoted(origin)).collect();
        if pages.is_anyone {
            text.line(format!(
                "http-request set-var(txn.page) str(*) if {chosen} {{ req.hdr(origin) -m found }}"
            ));
        } else if !origins.is_empty() {
            text.line(format!(
                "http-request set-var(txn.page) req.hdr(origin) if {chosen} {{ req.hdr(origin) -i {} }}",
                origins.join(" ")
            ));
        }
        if let Some(cors) = &way.route.cors {
            preflight(&chosen, cors.max_age.as_secs(), text);
        }
    }
    text.held(
        format!(
            "http-request deny deny_status 403 if {{ req.hdr(origin) -m found }} !{{ var(txn.page) -m found }} !{{ path -m beg {RESOURCE_METADATA} }}"
        ),
        &["origin-unchecked"],
    );
    if ways.iter().any(|way| way.route.cors.is_some()) {
        answers(ways, text);
    }
}

/// The answer to what a browser asks before it sends what a page wants.
fn preflight(chosen: &str, max_age: u64, text: &mut Text) {
    text.held(
        format!(
            "http-request return status 204 hdr Access-Control-Allow-Methods 'GET, POST, DELETE, OPTIONS' hdr Access-Control-Allow-Headers '{ALLOWED}, %[req.hdr(access-control-request-headers)]' hdr Access-Control-Max-Age {max_age} if {chosen} METH_OPTIONS {{ req.hdr(access-control-request-method) -m found }} {{ var(txn.page) -m found }}"
        ),
        &["cors-headers-hidden"],
    );
}

/// What the answers of such routes say, HAProxy's own among them.
fn answers(ways: &[Way<'_>], text: &mut Text) {
    let numbers: Vec<String> = ways
        .iter()
        .enumerate()
        .filter(|(_, way)| way.route.cors.is_some())
        .map(|(number, _)| number.to_string())
        .collect();
    let shown = format!(
        "if {{ var(txn.page) -m found }} {{ var(txn.way) -m str {} }}",
        numbers.join(" ")
    );
    let hidden = &["cors-headers-hidden"];
    text.line(format!(
        "http-after-response del-header Access-Control-Allow-Credentials {shown}"
    ));
    text.held(
        format!(
            "http-after-response set-header Access-Control-Allow-Origin %[var(txn.page)] {shown}"
        ),
        hidden,
    );
    text.held(
        format!("http-after-response set-header Access-Control-Expose-Headers '{EXPOSED}' {shown}"),
        hidden,
    );
    text.line(format!(
        "http-after-response add-header Vary Origin {shown}"
    ));
}
