//! Backends for people.

use serde_json::Value;

use crate::terminal::{CODE, ERROR, GOOD, Look, QUIET};

/// What was registered, and where clients reach it.
pub(super) fn added(backend: &Value, look: Look) -> String {
    format!(
        "{} is served at {}\n",
        id(backend),
        look.paint(CODE, text(backend, "path"))
    )
}

/// A line for each.
pub(super) fn listed(backends: &Value, look: Look) -> String {
    let Some(backends) = backends.as_array().filter(|all| !all.is_empty()) else {
        return "nothing is registered\n".to_owned();
    };
    let width = backends.iter().map(|one| id(one).len()).max().unwrap_or(0);
    let line = |one: &Value| {
        let name = format!("{:width$}", id(one));
        format!("{name}  {}  {}\n", verdict(one, look), text(one, "url"))
    };
    backends.iter().map(line).collect()
}

/// Everything that is shown of one.
pub(super) fn one(backend: &Value, look: Look) -> String {
    let headers: Vec<_> = backend["headers"]
        .as_object()
        .map(|all| all.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let tools = match backend["tools"].as_array() {
        None => "all".to_owned(),
        Some(tools) if tools.is_empty() => "none".to_owned(),
        Some(tools) => tools
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    };
    let state = &backend["state"];
    let mut said = verdict(backend, look);
    if let Some(at) = state["at"].as_str() {
        said.push_str(&look.paint(QUIET, &format!("  at {at}")));
    }
    let mut rows = vec![
        ("url", text(backend, "url").to_owned()),
        ("path", text(backend, "path").to_owned()),
        ("state", said),
    ];
    if let (Some(reason), Some(rule)) = (state["reason"].as_str(), state["rule"].as_str()) {
        rows.push(("reason", format!("{reason} [{rule}]")));
    }
    rows.push(("tools", tools));
    if !headers.is_empty() {
        rows.push(("headers", headers.join(", ")));
    }
    if backend["tls"]["ca"].is_string() {
        rows.push(("roots", "its own".to_owned()));
    }
    for pin in backend["tls"]["pins"].as_array().into_iter().flatten() {
        rows.push(("pin", pin.as_str().unwrap_or_default().to_owned()));
    }
    rows.push(("created", text(backend, "created").to_owned()));
    rows.push(("updated", text(backend, "updated").to_owned()));
    let lines = rows
        .into_iter()
        .map(|(name, value)| format!("  {name:8} {value}\n"));
    format!("{}\n{}", id(backend), lines.collect::<String>())
}

fn id(backend: &Value) -> String {
    format!("{}/{}", text(backend, "tenant"), text(backend, "name"))
}

fn verdict(backend: &Value, look: Look) -> String {
    match text(&backend["state"], "verdict") {
        "allowed" => look.paint(GOOD, "allowed"),
        "refused" => look.paint(ERROR, "refused"),
        other => look.paint(QUIET, &format!("{other:7}")),
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}
