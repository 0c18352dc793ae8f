//! One route: its paths as the instance has them, its pages, and its upstream.

use propylon_config::Deployment;

use super::pages;
use super::word::quoted;
use crate::spelling::escaped;
use crate::text::Text;
use crate::way::{RESOURCE_METADATA, Way};

/// The block of a way; `number` is its own within the site.
pub(super) fn write(deployment: &Deployment, way: &Way<'_>, number: usize, text: &mut Text) {
    text.blank();
    let below = quoted(&format!("{}/*", way.prefix));
    let paths = if way.prefix.is_empty() {
        below
    } else {
        format!("{} {below}", quoted(way.prefix))
    };
    text.held(
        format!("@way_{number} path {paths}"),
        &["endpoint-unrouted"],
    );
    text.block(&format!("route @way_{number} {{"), "}", |text| {
        pages::write(deployment, way, text);
        text.block("request_body {", "}", |text| {
            text.held(
                format!("max_size {}", deployment.limits.body_bytes),
                &["body-limit-small"],
            );
        });
        rewrite(way, text);
        text.line(format!("import to_{}", way.upstream.name));
    });
}

/// The block of its metadata.
pub(super) fn metadata(way: &Way<'_>, text: &mut Text) {
    let (outside, inside) = (way.metadata_prefix(), way.metadata_base());
    let below = quoted(&format!("{outside}/*"));
    let (word, paths) = if way.prefix.is_empty() {
        (String::new(), below)
    } else {
        (
            way.prefix.replace('/', "_"),
            format!("{} {below}", quoted(&outside)),
        )
    };
    let held = &["auth-metadata-unreachable"];
    text.held(format!("@metadata{word} path {paths}"), held);
    text.block(&format!("route @metadata{word} {{"), "}", |text| {
        if way.is_rewritten() {
            let pattern = quoted(&format!("^{}(/|$)", escaped(&outside)));
            let to = quoted(&format!("{inside}$1"));
            text.held(format!("uri path_regexp {pattern} {to}"), held);
        }
        text.line(format!("import to_{}", way.upstream.name));
    });
    debug_assert!(outside.starts_with(RESOURCE_METADATA));
}

/// The prefix alone, with and without a slash, is the endpoint: no server has to redirect one to the other.
fn rewrite(way: &Way<'_>, text: &mut Text) {
    let slash = format!("{}/", way.prefix);
    let outside = [way.prefix, slash.as_str()];
    let outside = outside.iter().filter(|path| !path.is_empty());
    let outside: Vec<String> = outside.map(|path| quoted(path)).collect();
    text.line(format!("@endpoint path {}", outside.join(" ")));
    text.block("handle @endpoint {", "}", |text| {
        text.held(
            format!("rewrite {}", quoted(way.endpoint)),
            &["redirect-drops-body"],
        );
    });
    if way.is_rewritten() {
        text.block("handle {", "}", |text| {
            let pattern = quoted(&format!("^{}/", escaped(way.prefix)));
            let to = quoted(&format!("{}/", way.base));
            text.line(format!("uri path_regexp {pattern} {to}"));
        });
    }
}
