//! main.tf: the load balancer as Terraform has it.

use super::groups::Group;
use super::plan::{Attribute, Plan, Secure};
use super::rules::{Action, Answer, IN_THE_CLEAR, NOWHERE, Rewrite, Rule};
use crate::emission::Emission;
use crate::quote::hcl;
use crate::text::Text;

/// What the provider calls an attribute; those of stickiness stand in a block of their own.
#[rustfmt::skip]
const ARGUMENTS: &[(&str, &str)] = &[
    ("client_keep_alive.seconds", "client_keep_alive"),
    ("deregistration_delay.timeout_seconds", "deregistration_delay"),
    ("idle_timeout.timeout_seconds", "idle_timeout"),
    ("load_balancing.algorithm.type", "load_balancing_algorithm_type"),
    ("routing.http.desync_mitigation_mode", "desync_mitigation_mode"),
    ("routing.http.drop_invalid_header_fields.enabled", "drop_invalid_header_fields"),
    ("routing.http.preserve_host_header.enabled", "preserve_host_header"),
    ("routing.http.response.access_control_allow_headers.header_value", "routing_http_response_access_control_allow_headers_header_value"),
    ("routing.http.response.access_control_allow_methods.header_value", "routing_http_response_access_control_allow_methods_header_value"),
    ("routing.http.response.access_control_allow_origin.header_value", "routing_http_response_access_control_allow_origin_header_value"),
    ("routing.http.response.access_control_expose_headers.header_value", "routing_http_response_access_control_expose_headers_header_value"),
    ("routing.http.response.access_control_max_age.header_value", "routing_http_response_access_control_max_age_header_value"),
    ("routing.http.response.strict_transport_security.header_value", "routing_http_response_strict_transport_security_header_value"),
    ("routing.http.xff_header_processing.mode", "xff_header_processing_mode"),
    ("routing.http2.enabled", "enable_http2"),
    ("stickiness.enabled", "enabled"),
    ("stickiness.lb_cookie.duration_seconds", "cookie_duration"),
    ("stickiness.type", "type"),
];

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    let mut text = Text::new("#", "  ");
    text.opening(&super::TARGET, emission);
    text.blank();
    variables(&mut text, plan);
    clients(&mut text, plan);
    block(&mut text, "resource \"aws_lb\" \"gate\"", |text| {
        text.line("load_balancer_type = \"application\"");
        text.line("internal = var.internal");
        text.line("subnets = var.subnet_ids");
        text.line("security_groups = [aws_security_group.clients.id]");
        attributes(text, &plan.attributes);
    });
    for group in &plan.groups {
        target_group(&mut text, group);
    }
    if plan.has_redirect() {
        redirect(&mut text);
    }
    for listener in &plan.listeners {
        secure(&mut text, plan, listener);
        for (number, rule) in plan.rules.iter().enumerate() {
            self::rule(&mut text, plan, listener, number + 1, rule);
        }
    }
    outputs(&mut text, plan);
    emission.file("main.tf", text.finish());
}

fn block(text: &mut Text, open: &str, inside: impl FnOnce(&mut Text)) {
    text.blank();
    text.block(&format!("{open} {{"), "}", inside);
}

fn variables(text: &mut Text, plan: &Plan<'_>) {
    text.block("terraform {", "}", |text| {
        text.block("required_providers {", "}", |text| {
            text.why("Rules have transforms since 6.19.");
            text.line("aws = { source = \"hashicorp/aws\", version = \"~> 6.19\" }");
        });
    });
    let mut variable = |name: &str, kind: &str, default: &str, description: &str| {
        block(text, &format!("variable \"{name}\""), |text| {
            text.line(format!("type = {kind}"));
            if !default.is_empty() {
                text.line(format!("default = {default}"));
            }
            text.line(format!("description = {}", hcl(description)));
        });
    };
    variable("vpc_id", "string", "", "Where the targets are.");
    variable(
        "subnet_ids",
        "list(string)",
        "",
        "Two at least, in different zones.",
    );
    for name in plan.certificates("certificate_arn", "_") {
        variable(
            &name,
            "string",
            "",
            "Of ACM with DNS validation, which renews itself.",
        );
    }
    variable(
        "internal",
        "bool",
        "false",
        "Whether only the VPC reaches it.",
    );
    variable("client_cidr", "string", "\"0.0.0.0/0\"", "Who reaches it.");
}

/// Who reaches the load balancer; targets let in whoever carries this group, and nobody else.
fn clients(text: &mut Text, plan: &Plan<'_>) {
    block(
        text,
        "resource \"aws_security_group\" \"clients\"",
        |text| {
            text.line("description = \"Clients of the MCP load balancer\"");
            text.line("vpc_id = var.vpc_id");
            for port in plan.ports() {
                text.block("ingress {", "}", |text| {
                    text.line("protocol = \"tcp\"");
                    text.line(format!("from_port = {port}"));
                    text.line(format!("to_port = {port}"));
                    text.line("cidr_blocks = [var.client_cidr]");
                });
            }
            text.block("egress {", "}", |text| {
                text.line("protocol = \"-1\"");
                text.line("from_port = 0");
                text.line("to_port = 0");
                text.line("cidr_blocks = [\"0.0.0.0/0\"]");
            });
        },
    );
}

fn attributes(text: &mut Text, attributes: &[Attribute]) {
    let argument = |attribute: &Attribute| {
        let known = ARGUMENTS.iter().find(|(key, _)| *key == attribute.key);
        debug_assert!(known.is_some(), "{}", attribute.key);
        known.map_or("", |(_, argument)| *argument)
    };
    let write = |text: &mut Text, attribute: &Attribute| {
        if !attribute.why.is_empty() {
            text.why(attribute.why);
        }
        let line = format!("{} = {}", argument(attribute), value(&attribute.value));
        text.for_practices(line, attribute.practices);
    };
    let is_sticky = |attribute: &&Attribute| attribute.key.starts_with("stickiness.");
    for attribute in attributes.iter().filter(|attribute| !is_sticky(attribute)) {
        write(text, attribute);
    }
    let sticky: Vec<&Attribute> = attributes.iter().filter(is_sticky).collect();
    if !sticky.is_empty() {
        text.block("stickiness {", "}", |text| {
            for attribute in &sticky {
                write(text, attribute);
            }
            // The provider asks for a type even where nothing sticks.
            if sticky.len() == 1 {
                text.line("type = \"lb_cookie\"");
            }
        });
    }
}

/// Numbers and truths are bare.
fn value(text: &str) -> String {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || matches!(text, "true" | "false") {
        text.to_owned()
    } else {
        hcl(text)
    }
}

fn target_group(text: &mut Text, group: &Group<'_>) {
    let name = group.variable();
    block(
        text,
        &format!("resource \"aws_lb_target_group\" \"{name}\""),
        |text| {
            text.line("target_type = \"ip\"");
            text.line("vpc_id = var.vpc_id");
            text.held(
                format!("protocol = \"{}\"", group.protocol),
                &["tls-upstream-plaintext"],
            );
            text.line("protocol_version = \"HTTP1\"");
            text.line(format!("port = {}", group.port));
            attributes(text, &group.attributes);
            let health = &group.health;
            text.block("health_check {", "}", |text| {
                text.line(format!("protocol = \"{}\"", group.protocol));
                text.held(
                    format!("path = {}", hcl(&health.path)),
                    &["health-on-endpoint"],
                );
                text.held(
                    format!("interval = {}", health.interval),
                    &["connect-timeout-long"],
                );
                text.line(format!("timeout = {}", health.timeout));
                text.line(format!("healthy_threshold = {}", health.rise));
                text.held(
                    format!("unhealthy_threshold = {}", health.fall),
                    &["connect-timeout-long"],
                );
                text.line(format!("matcher = \"{}\"", health.matcher));
            });
            text.line("lifecycle { create_before_destroy = true }");
        },
    );
    for (number, (address, port)) in group.targets.iter().enumerate() {
        let open = format!(
            "resource \"aws_lb_target_group_attachment\" \"{name}_{}\"",
            number + 1
        );
        block(text, &open, |text| {
            text.line(format!("target_group_arn = aws_lb_target_group.{name}.arn"));
            text.line(format!("target_id = \"{address}\""));
            text.line(format!("port = {port}"));
        });
    }
}

fn redirect(text: &mut Text) {
    block(text, "resource \"aws_lb_listener\" \"http\"", |text| {
        text.line("load_balancer_arn = aws_lb.gate.arn");
        text.line("protocol = \"HTTP\"");
        text.line("port = 80");
        text.why("A load balancer redirects with 301 or 302, which turn a POST into a GET: it is refused instead.");
        answer(
            text,
            "default_action",
            IN_THE_CLEAR,
            &["redirect-drops-body"],
        );
    });
    block(
        text,
        "resource \"aws_lb_listener_rule\" \"http_1\"",
        |text| {
            text.line("listener_arn = aws_lb_listener.http.arn");
            text.line("priority = 1");
            text.block("condition {", "}", |text| {
                text.line("http_request_method { values = [\"GET\", \"HEAD\"] }");
            });
            text.block("action {", "}", |text| {
                text.line("type = \"redirect\"");
                text.block("redirect {", "}", |text| {
                    text.line("protocol = \"HTTPS\"");
                    text.line("port = \"443\"");
                    text.line("status_code = \"HTTP_301\"");
                });
            });
        },
    );
}

fn secure(text: &mut Text, plan: &Plan<'_>, listener: &Secure) {
    let name = format!("https_{}", listener.port);
    block(
        text,
        &format!("resource \"aws_lb_listener\" \"{name}\""),
        |text| {
            text.line("load_balancer_arn = aws_lb.gate.arn");
            text.line("protocol = \"HTTPS\"");
            text.line(format!("port = {}", listener.port));
            text.held(
                format!("ssl_policy = \"{}\"", listener.policy),
                &["tls-old-version"],
            );
            text.held(
                "certificate_arn = var.certificate_arn",
                &["tls-certificate"],
            );
            attributes(text, &listener.attributes);
            answer(text, "default_action", NOWHERE, &["endpoint-unrouted"]);
        },
    );
    for (number, variable) in plan
        .certificates("certificate_arn", "_")
        .iter()
        .enumerate()
        .skip(1)
    {
        let open = format!(
            "resource \"aws_lb_listener_certificate\" \"{name}_{}\"",
            number + 1
        );
        block(text, &open, |text| {
            text.line(format!("listener_arn = aws_lb_listener.{name}.arn"));
            text.line(format!("certificate_arn = var.{variable}"));
        });
    }
}

fn rule(text: &mut Text, plan: &Plan<'_>, listener: &Secure, priority: usize, rule: &Rule) {
    let listener = format!("https_{}", listener.port);
    block(
        text,
        &format!("resource \"aws_lb_listener_rule\" \"{listener}_{priority}\""),
        |text| {
            text.line(format!("listener_arn = aws_lb_listener.{listener}.arn"));
            text.line(format!("priority = {priority}"));
            if let Some(host) = &rule.host {
                condition(
                    text,
                    format!(
                        "host_header {{ values = {} }}",
                        list(std::slice::from_ref(host))
                    ),
                    &[],
                );
            }
            condition(
                text,
                format!("path_pattern {{ values = {} }}", list(&rule.paths)),
                rule.practices,
            );
            if !rule.origins.is_empty() {
                text.block("condition {", "}", |text| {
                    text.block("http_header {", "}", |text| {
                        text.line("http_header_name = \"Origin\"");
                        text.line(format!("values = {}", list(&rule.origins)));
                    });
                });
            }
            if let Some(rewrite) = &rule.url {
                transform(text, "url-rewrite", "url_rewrite_config", rewrite);
            }
            if let Some(rewrite) = &rule.host_header {
                transform(
                    text,
                    "host-header-rewrite",
                    "host_header_rewrite_config",
                    rewrite,
                );
            }
            match rule.action {
                Action::Forward(group) => text.block("action {", "}", |text| {
                    let name = plan
                        .groups
                        .get(group)
                        .map(Group::variable)
                        .unwrap_or_default();
                    text.line("type = \"forward\"");
                    text.line(format!("target_group_arn = aws_lb_target_group.{name}.arn"));
                }),
                Action::Answer(own) => answer(text, "action", own, &[]),
            }
        },
    );
}

fn condition(text: &mut Text, inside: String, practices: &[&str]) {
    text.block("condition {", "}", |text| {
        text.for_practices(inside, practices)
    });
}

fn transform(text: &mut Text, kind: &str, config: &str, rewrite: &Rewrite) {
    text.block("transform {", "}", |text| {
        text.line(format!("type = \"{kind}\""));
        text.block(&format!("{config} {{"), "}", |text| {
            text.block("rewrite {", "}", |text| {
                text.line(format!("regex = {}", hcl(&rewrite.regex)));
                text.line(format!("replace = {}", hcl(&rewrite.replace)));
            });
        });
    });
}

fn answer(text: &mut Text, name: &str, answer: Answer, practices: &[&str]) {
    text.block(&format!("{name} {{"), "}", |text| {
        text.line("type = \"fixed-response\"");
        text.block("fixed_response {", "}", |text| {
            text.for_practices(format!("status_code = \"{}\"", answer.status), practices);
            text.line(format!("content_type = \"{}\"", answer.content_type()));
            text.line(format!("message_body = {}", hcl(&answer.body())));
        });
    });
}

fn outputs(text: &mut Text, plan: &Plan<'_>) {
    let mut output = |name: &str, value: &str, description: &str| {
        block(text, &format!("output \"{name}\""), |text| {
            text.line(format!("value = {value}"));
            text.line(format!("description = {}", hcl(description)));
        });
    };
    output(
        "name",
        "aws_lb.gate.dns_name",
        "Point the routes' hosts here, with an alias record.",
    );
    output(
        "clients_group",
        "aws_security_group.clients.id",
        "What the targets must let in, and nobody else.",
    );
    for group in &plan.groups {
        let name = group.variable();
        let value = format!("aws_lb_target_group.{name}.arn");
        output(
            &format!("{name}_arn"),
            &value,
            "Where instances are registered.",
        );
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| hcl(text)).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_sorted() {
        assert!(ARGUMENTS.is_sorted());
    }
}
