//! The paths of routes whose upstream has another: the prefix is replaced, in the metadata's path too.

use super::word::{escaped, literal, quoted};
use crate::text::Text;
use crate::way::{RESOURCE_METADATA, Way};

/// The rules of every route that needs them.
pub(super) fn write(ways: &[Way<'_>], text: &mut Text) {
    for (number, way) in ways.iter().enumerate() {
        let chosen = format!("{{ var(txn.way) -m str {number} }}");
        endpoint(way, &chosen, text);
        if way.is_rewritten() {
            below(way, &chosen, text);
        }
    }
}

/// The prefix alone, with and without a slash, is the endpoint: no server has to redirect one to the other.
fn endpoint(way: &Way<'_>, chosen: &str, text: &mut Text) {
    let slash = format!("{}/", way.prefix);
    let outside = [way.prefix, slash.as_str()];
    let outside = outside.iter().filter(|path| !path.is_empty());
    let outside: Vec<String> = outside.map(|path| quoted(path)).collect();
    text.line(format!(
        "http-request set-var(txn.endpoint) bool(true) if {chosen} {{ path {} }}",
        outside.join(" ")
    ));
    text.held(
        format!(
            "http-request set-path {} if {chosen} {{ var(txn.endpoint) -m bool }}",
            quoted(&literal(way.endpoint))
        ),
        &["redirect-drops-body"],
    );
}

fn below(way: &Way<'_>, chosen: &str, text: &mut Text) {
    // What the rule above has set would otherwise be replaced again.
    let own = format!("^{}/(.*)$", escaped(way.prefix));
    text.line(format!(
        "http-request replace-path {} {} if {chosen} !{{ var(txn.endpoint) -m bool }} !{{ path -m beg {RESOURCE_METADATA}/ }}",
        quoted(&own),
        quoted(&format!("{}/\\1", literal(way.base)))
    ));
    let metadata = format!("^{}(/.*)?$", escaped(&way.metadata_prefix()));
    text.held(
        format!(
            "http-request replace-path {} {} if {chosen} {{ path -m beg {RESOURCE_METADATA}/ }}",
            quoted(&metadata),
            quoted(&format!("{}\\1", literal(&way.metadata_base())))
        ),
        &["auth-metadata-unreachable"],
    );
}
