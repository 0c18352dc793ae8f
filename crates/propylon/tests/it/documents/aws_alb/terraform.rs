//! main.tf in the language that all three files are compared in.

use serde_json::{Map, Value, json};

/// What the provider's argument is in the API, for those whose names differ.
const KEYS: &[(&str, &str)] = &[
    ("client_keep_alive", "client_keep_alive.seconds"),
    (
        "deregistration_delay",
        "deregistration_delay.timeout_seconds",
    ),
    (
        "desync_mitigation_mode",
        "routing.http.desync_mitigation_mode",
    ),
    (
        "drop_invalid_header_fields",
        "routing.http.drop_invalid_header_fields.enabled",
    ),
    ("enable_http2", "routing.http2.enabled"),
    ("idle_timeout", "idle_timeout.timeout_seconds"),
    (
        "load_balancing_algorithm_type",
        "load_balancing.algorithm.type",
    ),
    (
        "preserve_host_header",
        "routing.http.preserve_host_header.enabled",
    ),
    (
        "xff_header_processing_mode",
        "routing.http.xff_header_processing.mode",
    ),
];

pub(super) fn read(file: &Value) -> Value {
    let resources = &file["resource"];
    let groups: Map<String, Value> = named(&resources["aws_lb_target_group"])
        .map(|(name, group)| (word(name), self::group(resources, name, group)))
        .collect();
    let listeners: Map<String, Value> = named(&resources["aws_lb_listener"])
        .map(|(name, listener)| {
            (
                listener["port"].to_string(),
                self::listener(resources, name, listener),
            )
        })
        .collect();
    json!({
        "attributes": attributes(&resources["aws_lb"]["gate"]),
        "groups": groups,
        "listeners": listeners,
    })
}

fn named(resources: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let all = resources.as_object().into_iter().flatten();
    all.map(|(name, resource)| (name.as_str(), resource))
}

/// A block that may stand there several times.
fn blocks(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(several) => several.iter().collect(),
        one => vec![one],
    }
}

fn attributes(resource: &Value) -> Map<String, Value> {
    let all = resource.as_object().into_iter().flatten();
    all.filter_map(|(argument, value)| {
        let known = KEYS
            .iter()
            .find(|(ours, _)| ours == argument)
            .map(|(_, key)| (*key).to_owned());
        let header = argument
            .strip_prefix("routing_http_response_")
            .and_then(|rest| rest.strip_suffix("_header_value"))
            .map(|header| format!("routing.http.response.{header}.header_value"));
        known.or(header).map(|key| (key, text(value)))
    })
    .collect()
}

/// The API has texts only.
fn text(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

fn group(resources: &Value, name: &str, group: &Value) -> Value {
    let mut attributes = attributes(group);
    let sticky = &group["stickiness"];
    attributes.insert("stickiness.enabled".to_owned(), text(&sticky["enabled"]));
    if sticky["enabled"] == true {
        attributes.insert("stickiness.type".to_owned(), text(&sticky["type"]));
        attributes.insert(
            "stickiness.lb_cookie.duration_seconds".to_owned(),
            text(&sticky["cookie_duration"]),
        );
    }
    let own = format!("${{aws_lb_target_group.{name}.arn}}");
    let targets: Vec<String> = named(&resources["aws_lb_target_group_attachment"])
        .filter(|(_, target)| target["target_group_arn"] == own.as_str())
        .map(|(_, target)| {
            format!(
                "{}:{}",
                target["target_id"].as_str().expect("an address"),
                target["port"]
            )
        })
        .collect();
    let health = &group["health_check"];
    json!({
        "protocol": group["protocol"],
        "port": group["port"],
        "health": {
            "protocol": health["protocol"],
            "path": health["path"],
            "interval": health["interval"],
            "timeout": health["timeout"],
            "rise": health["healthy_threshold"],
            "fall": health["unhealthy_threshold"],
            "matcher": health["matcher"],
        },
        "attributes": attributes,
        "targets": targets,
    })
}

fn listener(resources: &Value, name: &str, listener: &Value) -> Value {
    let own = format!("${{aws_lb_listener.{name}.arn}}");
    let mut rules: Vec<&Value> = named(&resources["aws_lb_listener_rule"])
        .map(|(_, rule)| rule)
        .filter(|rule| rule["listener_arn"] == own.as_str())
        .collect();
    rules.sort_by_key(|rule| rule["priority"].as_u64());
    let rules: Vec<Value> = rules.into_iter().map(rule).collect();
    json!({
        "protocol": listener["protocol"],
        "policy": listener["ssl_policy"],
        "default": action(&listener["default_action"]),
        "attributes": attributes(listener),
        "rules": rules,
    })
}

fn rule(rule: &Value) -> Value {
    let rewrite = |kind: &str, config: &str| {
        let transforms = blocks(&rule["transform"]).into_iter();
        let mut of_kind = transforms.filter(|transform| transform["type"] == kind);
        of_kind.next().map(|transform| {
            let rewrite = &transform[config]["rewrite"];
            json!([rewrite["regex"], rewrite["replace"]])
        })
    };
    json!({
        "conditions": conditions(&rule["condition"]),
        "url": rewrite("url-rewrite", "url_rewrite_config"),
        "host_header": rewrite("host-header-rewrite", "host_header_rewrite_config"),
        "action": action(&rule["action"]),
    })
}

fn conditions(list: &Value) -> Map<String, Value> {
    let mut conditions = Map::new();
    for condition in blocks(list) {
        for (field, key) in [
            ("host_header", "host"),
            ("path_pattern", "path"),
            ("http_request_method", "method"),
        ] {
            if let Some(config) = condition.get(field) {
                conditions.insert(key.to_owned(), config["values"].clone());
            }
        }
        if let Some(config) = condition.get("http_header") {
            let name = config["http_header_name"]
                .as_str()
                .expect("a name")
                .to_lowercase();
            conditions.insert(name, config["values"].clone());
        }
    }
    conditions
}

fn action(action: &Value) -> Value {
    let (answer, redirect) = (&action["fixed_response"], &action["redirect"]);
    match action["type"].as_str() {
        Some("forward") => {
            let arn = action["target_group_arn"].as_str().expect("a group");
            let name = arn
                .trim_start_matches("${aws_lb_target_group.")
                .trim_end_matches(".arn}");
            json!({ "group": word(name) })
        }
        Some("fixed-response") => json!({
            "status": answer["status_code"], "type": answer["content_type"], "body": answer["message_body"],
        }),
        Some("redirect") => json!({
            "redirect": redirect["status_code"], "protocol": redirect["protocol"], "port": redirect["port"],
        }),
        other => panic!("{other:?} is taken nowhere"),
    }
}

/// `targets_weather` is of the upstream `weather`.
fn word(name: &str) -> String {
    name.trim_start_matches("targets_").replace('_', "-")
}
