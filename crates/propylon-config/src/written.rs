//! Which keys a file has: what its author said, as against what the defaults say.

use crate::settings::SETTINGS;
use crate::tree::{Node, Value};

/// A key that stands in the file with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// As an error would name it: `upstreams.weather.timeouts.idle`.
    pub key: String,
    /// The same in the table of settings: `upstreams.<name>.timeouts.idle`.
    pub setting: String,
}

/// Every key below `root` that has a row in the table, in file order.
pub(crate) fn written(root: &Node) -> Vec<Written> {
    let mut found = Vec::new();
    walk(root, "", "", &mut found);
    found
}

// invariant: a document is at most `DEPTH_MAX` deep, so the walk is too.
fn walk(node: &Node, key: &str, setting: &str, found: &mut Vec<Written>) {
    if SETTINGS.iter().any(|row| row.key == setting) {
        found.push(Written {
            key: key.to_owned(),
            setting: setting.to_owned(),
        });
        return;
    }
    match &node.value {
        Value::Map(entries) => {
            let is_named = leads_to(&format!("{setting}.<name>"));
            for entry in entries {
                let row = if is_named { "<name>" } else { &entry.key };
                walk(
                    &entry.node,
                    &joined(key, &entry.key),
                    &joined(setting, row),
                    found,
                );
            }
        }
        Value::List(items) if leads_to(&format!("{setting}[]")) => {
            for (index, item) in items.iter().enumerate() {
                walk(
                    item,
                    &format!("{key}[{index}]"),
                    &format!("{setting}[]"),
                    found,
                );
            }
        }
        Value::Null | Value::Scalar(_) | Value::List(_) => {}
    }
}

/// Whether the table has keys below this one.
fn leads_to(prefix: &str) -> bool {
    SETTINGS.iter().any(|row| {
        row.key
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use crate::load_str;

    #[test]
    fn names_and_indices_are_those_of_the_file() {
        let text = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /mcp, upstream: a }, { path: /b, upstream: a }]\nupstreams:\n  a: { url: http://127.0.0.1:1/mcp, pool: { idle: 2s } }\ntrusted_proxies: [10.0.0.0/8]\n";
        let loaded = load_str("propylon.yaml", text).unwrap();
        let pairs: Vec<_> = loaded
            .written
            .iter()
            .map(|written| (written.key.as_str(), written.setting.as_str()))
            .collect();
        let expected = [
            ("listeners[0].address", "listeners[].address"),
            ("routes[0].path", "routes[].path"),
            ("routes[0].upstream", "routes[].upstream"),
            ("routes[1].path", "routes[].path"),
            ("routes[1].upstream", "routes[].upstream"),
            ("upstreams.a.url", "upstreams.<name>.url"),
            ("upstreams.a.pool.idle", "upstreams.<name>.pool.idle"),
            ("trusted_proxies", "trusted_proxies"),
        ];
        assert_eq!(pairs, expected);
    }
}
