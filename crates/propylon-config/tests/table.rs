//! The table of settings, the reader, the model's defaults and the schema agree.

use std::collections::BTreeSet;

use propylon_config::{
    Deployment, Fallback, Kind, SECTIONS, SETTINGS, Setting, json_schema, load_str, setting,
    settings_markdown,
};
use serde_json::{Value, json};

#[test]
fn rows_are_sorted_by_key_and_complete() {
    assert!(SETTINGS.is_sorted_by(|a, b| a.key < b.key));
    assert!(SECTIONS.is_sorted_by(|a, b| a.key < b.key));
    for row in SETTINGS {
        assert_eq!(setting(row.key).map(|found| found.key), Some(row.key));
        assert!(row.doc.ends_with('.'), "{}", row.key);
        if let Some(reason) = row.reason {
            let metric = format!("propylon_refused_total{{reason=\"{reason}\"}}");
            assert_eq!(row.metric, Some(metric.as_str()), "{}", row.key);
        }
    }
    assert!(setting("limits.nothing").is_none());
}

/// A value each kind accepts, and which is no default.
fn example(setting: &Setting) -> Value {
    match setting.kind {
        Kind::AccessLog => json!("./access.log"),
        Kind::Address => json!("127.0.0.1:7001"),
        Kind::Choice(words) => json!(words.last()),
        Kind::Count { min, .. } => json!(min + 1),
        Kind::Domains => json!(["mcp.example.com", "mcp.example.org"]),
        Kind::Email => json!("ops@example.com"),
        Kind::Folder => json!("/var/lib/acme"),
        Kind::HttpsUrl => json!("https://127.0.0.1:14000/dir"),
        Kind::Duration { .. } => json!("77s"),
        Kind::DurationOrOff => json!("77s"),
        Kind::File => json!(key_file()),
        Kind::Flag => json!(true),
        Kind::GuardEntries => json!(["10.0.0.0/8", "*.example.com"]),
        Kind::Ports => json!([443, 8080]),
        Kind::Host => json!("*.example.com"),
        Kind::HostHeader => json!("mcp.example.com:8443"),
        Kind::Name => json!("weather"),
        Kind::Addresses => json!(["10.0.0.2:53", "[::1]:53"]),
        Kind::Networks => json!(["10.0.0.0/8", "::1"]),
        Kind::Origins => json!(["https://app.example.com", "null"]),
        Kind::Path { .. } => json!("/other"),
        Kind::PathOrOff => json!("off"),
        Kind::Pins => json!(["sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]),
        Kind::Redirect => json!("https:8443"),
        Kind::ServerName => json!("weather.internal"),
        Kind::Size { min, .. } => json!(min + 1),
        Kind::Statuses => json!([400, 503]),
        Kind::Url => json!("http://weather.localhost:7002/mcp"),
        Kind::Urls => json!(["http://127.0.0.1:7003/mcp", "http://127.0.0.1:7004/mcp"]),
        Kind::Workers => json!(3),
        kind => panic!("no example of {kind:?}"),
    }
}

/// A file with a key for the sealed store, which only its owner may read.
fn key_file() -> std::path::PathBuf {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = std::env::temp_dir().join(format!("propylon-table-{}.key", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create(true).mode(0o600).open(&path);
    writeln!(opened.unwrap(), "{}", "0123456789abcdef".repeat(4)).unwrap();
    path
}

fn acme() -> Value {
    json!({ "domains": ["mcp.example.com"], "storage": "acme" })
}

/// A small description with `value` at `key`; JSON is YAML.
fn with(key: &str, value: Value) -> Value {
    let mut file = json!({
        "listeners": [{ "address": "127.0.0.1:7000" }],
        "routes": [{ "path": "/mcp", "upstream": "weather" }],
        "upstreams": { "weather": { "url": "http://weather.localhost:7001/mcp" } },
    });
    if key.ends_with(".urls") {
        file["upstreams"]["weather"] = json!({});
    }
    if key.contains(".health.") {
        file["upstreams"]["weather"]["health"] = json!({ "path": "/health" });
    }
    if key.ends_with(".tls.min_version")
        || key.ends_with(".tls.hsts")
        || key.ends_with("tls.certificate")
        || key.ends_with("tls.key")
    {
        let pair = json!({ "certificate": "a.pem", "key": "a.key" });
        let holder = if key.starts_with("listeners") {
            &mut file["listeners"][0]
        } else {
            &mut file["upstreams"]["weather"]
        };
        holder["tls"] = pair;
    }
    if key.contains(".certificates[]") {
        let pair = json!({ "certificate": "a.pem", "key": "a.key" });
        file["listeners"][0]["tls"] = json!({ "certificates": [pair] });
    }
    if key.contains(".tls.client.") {
        file["listeners"][0]["tls"] =
            json!({ "certificate": "a.pem", "key": "a.key", "client": { "ca": "a.pem" } });
    }
    if key.contains(".tls.acme.") {
        file["listeners"][0]["tls"] =
            json!({ "certificate": "a.pem", "key": "a.key", "acme": acme() });
    }
    if key.contains(".cors.") {
        file["routes"][0]["cors"] = json!({ "origins": ["*"] });
    }
    if key.ends_with(".affinity.store") || key.ends_with(".affinity.key_file") {
        let sealed = json!({ "store": "sealed", "key_file": key_file() });
        file["upstreams"]["weather"]["affinity"] = sealed;
    }
    if key.starts_with("backends.") {
        file["backends"] = backends();
    }
    let pointer = key.replace("<name>", "weather").replace("[]", ".0");
    let mut place = &mut file;
    for name in pointer.split('.') {
        place = match name.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[name],
        };
    }
    *place = value;
    file
}

/// The smallest section of registered servers.
fn backends() -> Value {
    json!({ "store": "backends.redb", "key_file": "backends.key", "token_file": "api.tokens" })
}

fn load(file: &Value) -> Deployment {
    let text = file.to_string();
    match load_str("table.yaml", &text) {
        Ok(loaded) => loaded.deployment,
        Err(errors) => panic!("{text}\n{errors}"),
    }
}

#[test]
fn the_reader_takes_every_key_of_the_table() {
    for row in SETTINGS {
        let mut base = with("drain", json!("30s"));
        if row.key.starts_with("backends.") {
            base["backends"] = backends();
        }
        let base = load(&base);
        let changed = load(&with(row.key, example(row)));
        // Where there is one choice, writing it changes nothing.
        let only_choice = matches!(row.kind, Kind::Choice([_]));
        let same_name = row.kind == Kind::Name;
        assert_eq!(base == changed, only_choice || same_name, "{}", row.key);
    }
}

#[test]
fn defaults_of_the_table_are_the_models() {
    for row in SETTINGS {
        let Fallback::Value(default) = row.default else {
            continue;
        };
        let mut written = load(&with(row.key, json!(default)));
        if let Some(admin) = &mut written.admin {
            admin.explicit = false;
        }
        let mut base = with("drain", json!("30s"));
        if row.key.starts_with("backends.") {
            base["backends"] = backends();
        }
        if row.key.contains(".cors.") {
            base["routes"][0]["cors"] = json!({ "origins": ["*"] });
        }
        if row.key.contains(".cache.") {
            base["upstreams"]["weather"]["cache"] = json!({});
        }
        if row.key.contains(".health.") {
            base["upstreams"]["weather"]["health"] = json!({ "path": "/health" });
        }
        if row.key.starts_with("listeners[].tls.") {
            let pair = json!({ "certificate": "a.pem", "key": "a.key" });
            base["listeners"][0]["tls"] = pair;
        }
        if row.key.contains(".tls.acme.") {
            base["listeners"][0]["tls"]["acme"] = acme();
        }
        if row.key.contains(".tls.client.") {
            base["listeners"][0]["tls"]["client"] = json!({ "ca": "a.pem" });
        }
        assert_eq!(written, load(&base), "{}", row.key);
    }
}

/// Every path of `schema` that is no mapping of known keys, as the table writes it.
fn leaves(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let join = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    if let Some(properties) = schema["properties"].as_object() {
        for (name, inner) in properties {
            leaves(inner, &join(name), found);
        }
    } else if schema["items"]["properties"].is_object() {
        leaves(&schema["items"], &format!("{path}[]"), found);
    } else if schema["additionalProperties"].is_object() {
        leaves(&schema["additionalProperties"], &join("<name>"), found);
    } else if let Some(mapping) = schema["anyOf"]
        .as_array()
        .and_then(|any| any.iter().find(|s| s["properties"].is_object()))
    {
        leaves(mapping, path, found);
    } else {
        found.insert(path.to_owned());
    }
}

#[test]
fn the_schema_has_the_keys_of_the_table_and_no_others() {
    let mut found = BTreeSet::new();
    leaves(&json_schema(), "", &mut found);
    let table: BTreeSet<_> = SETTINGS.iter().map(|row| row.key.to_owned()).collect();
    assert_eq!(found, table);
}

#[test]
fn unknown_keys_are_refused_in_every_section() {
    let sections = SECTIONS.iter().map(|section| section.key);
    for section in sections.chain([""]) {
        let key = if section.is_empty() {
            "nonsense".to_owned()
        } else {
            format!("{section}.nonsense")
        };
        let errors = load_str("table.yaml", &with(&key, json!(1)).to_string()).unwrap_err();
        let shown = key.replace("[]", "[0]").replace("<name>", "weather");
        let found = errors.errors().find(|problem| problem.key == shown);
        let summary = found.map(|problem| problem.summary.as_str());
        assert_eq!(summary, Some("unknown key `nonsense`"), "{section}");
    }
}

#[test]
fn the_reference_has_a_line_for_every_setting() {
    let page = settings_markdown();
    assert_eq!(page.lines().count(), SETTINGS.len() + 2);
    for (row, line) in SETTINGS.iter().zip(page.lines().skip(2)) {
        assert!(line.starts_with(&format!("| `{}` |", row.key)), "{line}");
        assert_eq!(line.matches(" |").count(), 5, "{line}");
    }
}
