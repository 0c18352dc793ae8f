//! apply.sh: the load balancer by the AWS command line, made or brought up to date.

use super::groups::Group;
use super::plan::{Attribute, Plan, Secure};
use super::rules::{Action, Answer, IN_THE_CLEAR, NOWHERE, Rewrite, Rule};
use crate::emission::Emission;
use crate::quote::{json, json_list, shell};
use crate::text::Text;

/// What does the work, the same for every description.
const FUNCTIONS: &str = include_str!("apply.sh");

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    let mut text = Text::new("#", "  ");
    text.line("#!/usr/bin/env bash");
    text.opening(&super::TARGET, emission);
    text.blank();
    text.line("set -euo pipefail");
    needed(&mut text, plan);
    for line in FUNCTIONS.lines() {
        if line.is_empty() {
            text.blank();
        } else {
            text.line(line);
        }
    }
    balancer(&mut text, plan);
    for group in &plan.groups {
        target_group(&mut text, group);
    }
    if plan.has_redirect() {
        redirect(&mut text);
    }
    for listener in &plan.listeners {
        secure(&mut text, plan, listener);
    }
    text.blank();
    text.line("echo \"point the routes' hosts at $(elb describe-load-balancers --load-balancer-arns \"$balancer\" --query 'LoadBalancers[0].DNSName')\"");
    text.line("echo \"and let $clients, and nobody else, reach the targets\"");
    emission.program("apply.sh", text.finish());
}

fn needed(text: &mut Text, plan: &Plan<'_>) {
    text.line(": \"${VPC_ID:?where the targets are}\"");
    text.line(": \"${SUBNET_IDS:?two at least, in different zones, with spaces between}\"");
    for name in plan.certificates("CERTIFICATE_ARN", "_") {
        text.held(
            format!(": \"${{{name}:?of ACM with DNS validation, which renews itself}}\""),
            &["tls-certificate"],
        );
    }
    let ports: Vec<String> = plan.ports().iter().map(u16::to_string).collect();
    text.line(format!("ports=({})", ports.join(" ")));
}

fn attributes(text: &mut Text, attributes: &[Attribute]) {
    text.block("attributes=(", ")", |text| {
        for attribute in attributes {
            if !attribute.why.is_empty() {
                text.why(attribute.why);
            }
            // In JSON, since the short form ends a value at a comma.
            let one = format!(
                "{{\"Key\":{},\"Value\":{}}}",
                json(attribute.key),
                json(&attribute.value)
            );
            text.for_practices(shell(&one), attribute.practices);
        }
    });
}

fn balancer(text: &mut Text, plan: &Plan<'_>) {
    text.blank();
    text.line("clients=$(clients)");
    text.line("balancer=$(balancer)");
    attributes(text, &plan.attributes);
    text.line("elb modify-load-balancer-attributes --load-balancer-arn \"$balancer\" --attributes \"$(joined)\" > /dev/null");
}

fn target_group(text: &mut Text, group: &Group<'_>) {
    let health = &group.health;
    text.blank();
    text.block("health=(", ")", |text| {
        text.line(format!("--health-check-protocol {}", group.protocol));
        text.held(
            format!("--health-check-path {}", shell(&health.path)),
            &["health-on-endpoint"],
        );
        text.held(
            format!("--health-check-interval-seconds {}", health.interval),
            &["connect-timeout-long"],
        );
        text.line(format!("--health-check-timeout-seconds {}", health.timeout));
        text.line(format!("--healthy-threshold-count {}", health.rise));
        text.held(
            format!("--unhealthy-threshold-count {}", health.fall),
            &["connect-timeout-long"],
        );
        text.line(format!("--matcher HttpCode={}", health.matcher));
    });
    attributes(text, &group.attributes);
    let name = group.variable();
    text.held(
        format!(
            "{name}=$(group mcp-{} {} {})",
            group.word, group.protocol, group.port
        ),
        &["tls-upstream-plaintext"],
    );
    if !group.targets.is_empty() {
        let targets = group
            .targets
            .iter()
            .map(|(address, port)| format!("Id={address},Port={port}"));
        let targets: Vec<String> = targets.collect();
        text.line(format!(
            "elb register-targets --target-group-arn \"${name}\" --targets {}",
            targets.join(" ")
        ));
    }
}

fn redirect(text: &mut Text) {
    text.blank();
    text.why("A load balancer redirects with 301 or 302, which turn a POST into a GET: it is refused instead.");
    text.held(
        format!(
            "http=$(listener 80 --protocol HTTP --default-actions {})",
            shell(&answer(IN_THE_CLEAR))
        ),
        &["redirect-drops-body"],
    );
    text.line("known \"$http\"");
    text.line("transforms=");
    text.line(format!(
        "rule \"$http\" 1 {} {}",
        shell(r#"[{"Field":"http-request-method","HttpRequestMethodConfig":{"Values":["GET","HEAD"]}}]"#),
        shell(r#"[{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS","Port":"443","StatusCode":"HTTP_301"}}]"#),
    ));
    text.line("beyond 1");
}

fn secure(text: &mut Text, plan: &Plan<'_>, listener: &Secure) {
    let name = format!("https_{}", listener.port);
    text.blank();
    text.block("settings=(", ")", |text| {
        text.line("--protocol HTTPS");
        text.held(
            format!("--ssl-policy {}", listener.policy),
            &["tls-old-version"],
        );
        text.line("--certificates \"CertificateArn=$CERTIFICATE_ARN\"");
        text.held(
            format!("--default-actions {}", shell(&answer(NOWHERE))),
            &["endpoint-unrouted"],
        );
    });
    text.line(format!(
        "{name}=$(listener {} \"${{settings[@]}}\")",
        listener.port
    ));
    for variable in plan.certificates("CERTIFICATE_ARN", "_").iter().skip(1) {
        text.line(format!(
            "elb add-listener-certificates --listener-arn \"${name}\" --certificates \"CertificateArn=${variable}\" > /dev/null"
        ));
    }
    if !listener.attributes.is_empty() {
        attributes(text, &listener.attributes);
        text.line(format!(
            "elb modify-listener-attributes --listener-arn \"${name}\" --attributes \"$(joined)\" > /dev/null"
        ));
    }
    text.line(format!("known \"${name}\""));
    for (number, rule) in plan.rules.iter().enumerate() {
        self::rule(text, plan, &name, number + 1, rule);
    }
    text.line(format!("beyond {}", plan.rules.len()));
}

fn rule(text: &mut Text, plan: &Plan<'_>, listener: &str, priority: usize, rule: &Rule) {
    text.blank();
    text.for_practices(
        format!("conditions={}", shell(&conditions(rule))),
        rule.practices,
    );
    let transforms = transforms(rule);
    if transforms.is_empty() {
        text.line("transforms=");
    } else {
        text.line(format!("transforms={}", shell(&transforms)));
    }
    let actions = match rule.action {
        Action::Forward(group) => {
            let name = plan
                .groups
                .get(group)
                .map(Group::variable)
                .unwrap_or_default();
            format!("\"Type=forward,TargetGroupArn=${name}\"")
        }
        Action::Answer(own) => shell(&answer(own)),
    };
    text.line(format!(
        "rule \"${listener}\" {priority} \"$conditions\" {actions}"
    ));
}

fn conditions(rule: &Rule) -> String {
    let condition = |field: &str, config: &str, more: &str, values: &[String]| {
        format!(
            "{{\"Field\":\"{field}\",\"{config}\":{{{more}\"Values\":{}}}}}",
            json_list(values)
        )
    };
    let mut conditions = Vec::new();
    if let Some(host) = &rule.host {
        conditions.push(condition(
            "host-header",
            "HostHeaderConfig",
            "",
            std::slice::from_ref(host),
        ));
    }
    conditions.push(condition(
        "path-pattern",
        "PathPatternConfig",
        "",
        &rule.paths,
    ));
    if !rule.origins.is_empty() {
        let name = "\"HttpHeaderName\":\"Origin\",";
        conditions.push(condition(
            "http-header",
            "HttpHeaderConfig",
            name,
            &rule.origins,
        ));
    }
    format!("[{}]", conditions.join(","))
}

/// Empty where the rule has none.
fn transforms(rule: &Rule) -> String {
    let transform = |kind: &str, config: &str, rewrite: &Rewrite| {
        format!(
            "{{\"Type\":\"{kind}\",\"{config}\":{{\"Rewrites\":[{{\"Regex\":{},\"Replace\":{}}}]}}}}",
            json(&rewrite.regex),
            json(&rewrite.replace)
        )
    };
    let url = rule
        .url
        .iter()
        .map(|rewrite| transform("url-rewrite", "UrlRewriteConfig", rewrite));
    let host = rule.host_header.iter();
    let host =
        host.map(|rewrite| transform("host-header-rewrite", "HostHeaderRewriteConfig", rewrite));
    let all: Vec<String> = url.chain(host).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!("[{}]", all.join(","))
    }
}

fn answer(answer: Answer) -> String {
    format!(
        "[{{\"Type\":\"fixed-response\",\"FixedResponseConfig\":{{\"StatusCode\":\"{}\",\"ContentType\":\"{}\",\"MessageBody\":{}}}}}]",
        answer.status,
        answer.content_type(),
        json(&answer.body())
    )
}
