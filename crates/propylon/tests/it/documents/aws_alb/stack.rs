//! cloudformation.yaml in the language that all three files are compared in.

use serde_json::{Map, Value, json};

/// Reads a template.
pub(super) fn read(template: &Value) -> Value {
    let balancer = of_kind(template, "LoadBalancer")
        .next()
        .expect("a load balancer")
        .1;
    let groups: Map<String, Value> = of_kind(template, "TargetGroup")
        .map(|(id, group)| (word(id), self::group(group)))
        .collect();
    let listeners: Map<String, Value> = of_kind(template, "Listener")
        .map(|(id, listener)| {
            (
                listener["Port"].to_string(),
                self::listener(template, id, listener),
            )
        })
        .collect();
    json!({
        "attributes": attributes(&balancer["LoadBalancerAttributes"]),
        "groups": groups,
        "listeners": listeners,
    })
}

/// Takes the transforms out of what was read: those of each rule, in the order of the listeners and their rules.
pub(super) fn take_transforms(all: &mut Value) -> Vec<Value> {
    let mut taken = Vec::new();
    let mut listeners: Vec<&mut Value> = all["listeners"]
        .as_object_mut()
        .expect("listeners")
        .values_mut()
        .collect();
    // The one of plain HTTP comes first, as in the script.
    listeners.sort_by_key(|listener| listener["protocol"] == "HTTPS");
    for listener in listeners {
        for rule in listener["rules"].as_array_mut().expect("rules") {
            let rule = rule.as_object_mut().expect("a rule");
            taken.push(
                json!({ "url": rule.remove("url"), "host_header": rule.remove("host_header") }),
            );
        }
    }
    taken
}

fn of_kind<'t>(template: &'t Value, kind: &str) -> impl Iterator<Item = (&'t str, &'t Value)> {
    let kind = format!("AWS::ElasticLoadBalancingV2::{kind}");
    let resources = template["Resources"].as_object().expect("resources");
    resources
        .iter()
        .filter(move |(_, resource)| resource["Type"] == kind.as_str())
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
}

fn attributes(list: &Value) -> Map<String, Value> {
    let list = list.as_array().into_iter().flatten();
    list.map(|one| {
        (
            one["Key"].as_str().expect("a key").to_owned(),
            one["Value"].clone(),
        )
    })
    .collect()
}

fn group(group: &Value) -> Value {
    let targets = group["Targets"].as_array().into_iter().flatten();
    let targets: Vec<String> = targets
        .map(|target| {
            let address = target["Id"].as_str().expect("an address");
            format!("{address}:{}", target["Port"])
        })
        .collect();
    let attributes = attributes(&group["TargetGroupAttributes"]);
    told_group(group, &json!(attributes), &json!(targets))
}

/// A group with its attributes and targets; as the API has it, too.
pub(super) fn told_group(group: &Value, attributes: &Value, targets: &Value) -> Value {
    json!({
        "protocol": group["Protocol"],
        "port": group["Port"],
        "health": {
            "protocol": group["HealthCheckProtocol"],
            "path": group["HealthCheckPath"],
            "interval": group["HealthCheckIntervalSeconds"],
            "timeout": group["HealthCheckTimeoutSeconds"],
            "rise": group["HealthyThresholdCount"],
            "fall": group["UnhealthyThresholdCount"],
            "matcher": group["Matcher"]["HttpCode"],
        },
        "attributes": attributes,
        "targets": targets,
    })
}

fn listener(template: &Value, id: &str, listener: &Value) -> Value {
    let mut rules: Vec<&Value> = of_kind(template, "ListenerRule")
        .map(|(_, rule)| rule)
        .filter(|rule| rule["ListenerArn"]["Ref"] == id)
        .collect();
    rules.sort_by_key(|rule| rule["Priority"].as_u64());
    let rules: Vec<Value> = rules.into_iter().map(rule).collect();
    json!({
        "protocol": listener["Protocol"],
        "policy": listener["SslPolicy"],
        "default": action(&listener["DefaultActions"][0]),
        "attributes": attributes(&listener["ListenerAttributes"]),
        "rules": rules,
    })
}

fn rule(rule: &Value) -> Value {
    let rewrite = |kind: &str, config: &str| {
        let transforms = rule["Transforms"].as_array().into_iter().flatten();
        let mut of_kind = transforms.filter(|transform| transform["Type"] == kind);
        of_kind.next().map(|transform| {
            let rewrite = &transform[config]["Rewrites"][0];
            json!([rewrite["Regex"], rewrite["Replace"]])
        })
    };
    json!({
        "conditions": conditions(&rule["Conditions"]),
        "url": rewrite("url-rewrite", "UrlRewriteConfig"),
        "host_header": rewrite("host-header-rewrite", "HostHeaderRewriteConfig"),
        "action": action(&rule["Actions"][0]),
    })
}

/// Values by what they are compared with; as the API has them, too.
pub(super) fn conditions(list: &Value) -> Map<String, Value> {
    let list = list.as_array().into_iter().flatten();
    list.map(|condition| match condition["Field"].as_str() {
        Some("host-header") => (
            "host".to_owned(),
            condition["HostHeaderConfig"]["Values"].clone(),
        ),
        Some("path-pattern") => (
            "path".to_owned(),
            condition["PathPatternConfig"]["Values"].clone(),
        ),
        Some("http-request-method") => (
            "method".to_owned(),
            condition["HttpRequestMethodConfig"]["Values"].clone(),
        ),
        Some("http-header") => {
            let config = &condition["HttpHeaderConfig"];
            (
                config["HttpHeaderName"]
                    .as_str()
                    .expect("a name")
                    .to_lowercase(),
                config["Values"].clone(),
            )
        }
        other => panic!("{other:?} is compared nowhere"),
    })
    .collect()
}

fn action(action: &Value) -> Value {
    match action["Type"].as_str() {
        Some("forward") => {
            json!({ "group": word(action["TargetGroupArn"]["Ref"].as_str().expect("a group")) })
        }
        _ => own_action(action),
    }
}

/// An action that needs no group; as the API has it, too.
pub(super) fn own_action(action: &Value) -> Value {
    let (answer, redirect) = (&action["FixedResponseConfig"], &action["RedirectConfig"]);
    match action["Type"].as_str() {
        Some("fixed-response") => json!({
            "status": answer["StatusCode"], "type": answer["ContentType"], "body": answer["MessageBody"],
        }),
        Some("redirect") => json!({
            "redirect": redirect["StatusCode"], "protocol": redirect["Protocol"], "port": redirect["Port"],
        }),
        other => panic!("{other:?} is taken nowhere"),
    }
}

/// `TargetsWeather` is of the upstream `weather`.
fn word(id: &str) -> String {
    id.trim_start_matches("Targets").to_lowercase()
}
