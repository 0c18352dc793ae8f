//! The JSON Schema of the file, built from the table of settings.

use serde_json::{Map, Value, json};

use crate::kind::Kind;
use crate::settings::{Fallback, SECTIONS, SETTINGS, SectionInfo, Setting};

/// JSON Schema 2020-12 of a propylon.yaml, for editors and validators.
pub fn json_schema() -> Value {
    let mut schema = mapping("");
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".to_owned(), json!("propylon.yaml"));
    schema.insert(
        "description".to_owned(),
        json!("What one propylon process serves."),
    );
    // Whoever serves what users register may well serve nothing else.
    schema.insert("required".to_owned(), json!(["listeners"]));
    schema.insert(
        "anyOf".to_owned(),
        json!([{ "required": ["routes", "upstreams"] }, { "required": ["backends"] }]),
    );
    Value::Object(schema)
}

/// The mapping whose keys stand directly under `path`.
fn mapping(path: &str) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required: Vec<String> = Vec::new();
    for setting in SETTINGS
        .iter()
        .filter(|setting| parent(setting.key) == path)
    {
        let name = last(setting.key);
        if setting.default == Fallback::Required {
            required.push(name.to_owned());
        }
        properties.insert(name.to_owned(), leaf(setting));
    }
    for section in SECTIONS
        .iter()
        .filter(|section| container(section.key) == path)
    {
        let name = section_name(section.key);
        if section.required.is_some() {
            required.push(name.to_owned());
        }
        properties.insert(name.to_owned(), group(section));
    }
    let mut schema = object(&json!({ "type": "object", "additionalProperties": false }));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if path == "upstreams.<name>" {
        schema.insert(
            "oneOf".to_owned(),
            json!([{ "required": ["url"] }, { "required": ["urls"], "not": { "required": ["discover"] } }]),
        );
    }
    schema
}

/// A section as its parent's property.
fn group(section: &SectionInfo) -> Value {
    let inner = mapping(section.key);
    let mut schema = if section.key.ends_with("[]") {
        object(&json!({ "type": "array", "minItems": 1, "items": inner }))
    } else if section.key.ends_with(".<name>") {
        object(
            &json!({ "type": "object", "minProperties": 1, "propertyNames": { "pattern": "^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$" }, "additionalProperties": inner }),
        )
    } else if section.off {
        object(&json!({ "anyOf": [{ "const": "off" }, inner] }))
    } else {
        inner
    };
    if section.required.is_none() && !section.off {
        // Nothing behind the colon leaves every default in place.
        schema.insert("type".to_owned(), json!(["object", "null"]));
    }
    schema.insert("description".to_owned(), json!(section.doc));
    Value::Object(schema)
}

fn leaf(setting: &Setting) -> Value {
    let mut schema = object(&kind(setting.kind));
    schema.insert("description".to_owned(), json!(setting.doc));
    if let Fallback::Value(value) = setting.default {
        let number = value.parse::<u64>().ok().map(|number| json!(number));
        let flag = value.parse::<bool>().ok().map(|flag| json!(flag));
        let literal = number.or(flag).unwrap_or_else(|| json!(value));
        schema.insert("default".to_owned(), literal);
    }
    Value::Object(schema)
}

fn kind(kind: Kind) -> Value {
    if let Some(pattern) = pattern(kind) {
        return json!({ "type": "string", "pattern": pattern });
    }
    let list = |item| json!({ "type": "array", "items": self::kind(item) });
    let some = |item| json!({ "type": "array", "minItems": 1, "items": self::kind(item) });
    match kind {
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Count { min, max, .. } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Port => json!({ "type": "integer", "minimum": 1, "maximum": 65535 }),
        Kind::Size { min, .. } => json!({ "anyOf": [
            { "type": "integer", "minimum": min },
            { "type": "string", "pattern": "^[0-9]+([KMGT]i?B|B)$" },
        ] }),
        Kind::Status => {
            json!({ "type": "integer", "minimum": 400, "maximum": 599, "not": { "const": 404 } })
        }
        Kind::Workers => json!({ "anyOf": [
            { "const": "auto" },
            { "type": "integer", "minimum": 1, "maximum": crate::kind::WORKERS_MAX },
        ] }),
        Kind::Addresses | Kind::GuardEntries | Kind::Networks | Kind::Ports => list(kind.item()),
        Kind::Statuses => list(Kind::Status),
        Kind::Domains => some(Kind::Domain),
        Kind::Origins => some(Kind::Origin),
        Kind::Pins => some(Kind::Pin),
        Kind::Urls => {
            json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": self::kind(Kind::Url) })
        }
        _ => json!({ "type": "string", "minLength": 1 }),
    }
}

/// How the text of a kind looks that is a text with a form.
fn pattern(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::AccessLog => "^(stdout|off|.*/.*[^/])$",
        Kind::Address => r"^(\[[0-9A-Fa-f:.]+\]|[0-9.]+):[0-9]{1,5}$",
        Kind::Domain => r"^[0-9A-Za-z._-]+$",
        Kind::Duration { zero: true } => "^[0-9]+(ms|s|m|h|d)$",
        Kind::Duration { zero: false } => "^0*[1-9][0-9]*(ms|s|m|h|d)$",
        Kind::DurationOrOff => "^(off|0*[1-9][0-9]*(ms|s|m|h|d))$",
        Kind::Email => r"^(mailto:)?[^\s@]+@[0-9A-Za-z._-]+$",
        Kind::Host => r"^((\*\.)?[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])$",
        Kind::HttpsUrl => r"^https://[^\s#@]+$",
        Kind::Network => "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$",
        Kind::Origin => r"^(\*|null|[A-Za-z][0-9A-Za-z+.-]*://[0-9A-Za-z.:_\[\]-]+)$",
        Kind::Path { .. } => r"^/\S*$",
        Kind::PathOrOff => r"^(off|/\S*)$",
        Kind::Pin => "^sha256//?[0-9A-Za-z+/]{43}=$",
        Kind::Redirect => "^https(:[1-9][0-9]{0,4})?$",
        Kind::ServerName => r"^[0-9A-Za-z._:\[\]-]+$",
        Kind::Url => r"^https?://[^\s?#@]+$",
        _ => return None,
    })
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Everything before the last name of `key`.
fn parent(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(parent, _)| parent)
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// The mapping a section's own key is written in.
fn container(key: &str) -> &str {
    parent(key.strip_suffix(".<name>").unwrap_or(key))
}

/// The key a section is written at, without what stands for its items.
fn section_name(key: &str) -> &str {
    let key = key.strip_suffix(".<name>").unwrap_or(key);
    last(key.strip_suffix("[]").unwrap_or(key))
}
