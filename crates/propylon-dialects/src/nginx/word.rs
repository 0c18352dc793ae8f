//! Words as nginx reads them: quoted where they must be, escaped in patterns, and unique as names of variables.

use propylon_config::Deployment;

pub(super) use crate::spelling::{escaped, time};

/// A parameter, in quotes where nginx would end it early.
pub(super) fn quoted(text: &str) -> String {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/._-:~%+=@&,*!^|()[]".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('"', "\\\""))
    }
}

/// The part of this upstream's variables' names that is its own.
pub(super) fn variable(deployment: &Deployment, upstream: &str) -> String {
    let plain = |name: &str| name.replace('-', "_");
    let alike = deployment
        .upstreams
        .keys()
        .filter(|name| plain(name) == plain(upstream));
    // Names that differ in a hyphen alone are numbered.
    match alike.clone().count() {
        0 | 1 => plain(upstream),
        _ => {
            let number = alike.take_while(|name| *name != upstream).count();
            format!("{}_{number}", plain(upstream))
        }
    }
}

/// A size as nginx reads it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k")];
    let whole = UNITS
        .iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    whole.map_or_else(
        || bytes.to_string(),
        |(unit, letter)| format!("{}{letter}", bytes / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_sizes() {
        assert_eq!(quoted("/weather"), "/weather");
        assert_eq!(quoted("/a;b\"c"), "\"/a;b\\\"c\"");
        assert_eq!(size(64 << 20), "64m");
        assert_eq!(size(96 << 10), "96k");
        assert_eq!(size(100), "100");
    }

    #[test]
    fn names_that_differ_in_a_hyphen_stay_apart() {
        let text = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /mcp, upstream: a-b }, { path: /x, upstream: a_b }]\nupstreams:\n  a-b: { url: http://127.0.0.1:1/mcp }\n  a_b: { url: http://127.0.0.1:2/mcp }\n";
        let loaded = propylon_config::load_str("propylon.yaml", text).unwrap();
        let names = ["a-b", "a_b"].map(|name| variable(&loaded.deployment, name));
        assert_eq!(names, ["a_b_0", "a_b_1"]);
    }
}
