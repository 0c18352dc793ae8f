//! cloudformation.yaml: the load balancer as a stack.

use super::groups::Group;
use super::plan::{Attribute, Plan, Secure};
use super::rules::{Action, Answer, IN_THE_CLEAR, NOWHERE, Rewrite, Rule};
use crate::emission::Emission;
use crate::quote::{json, json_list};
use crate::text::Text;

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    let mut text = Text::new("#", "  ");
    text.opening(&super::TARGET, emission);
    text.line("AWSTemplateFormatVersion: \"2010-09-09\"");
    text.line("Description: An Application Load Balancer in front of MCP servers");
    parameters(&mut text, plan);
    text.line("Resources:");
    text.deeper(|text| {
        clients(text, plan);
        balancer(text, plan);
        for group in &plan.groups {
            target_group(text, group);
        }
        if plan.has_redirect() {
            redirect(text);
        }
        for listener in &plan.listeners {
            secure(text, plan, listener);
            for (number, rule) in plan.rules.iter().enumerate() {
                self::rule(text, plan, listener, number + 1, rule);
            }
        }
    });
    outputs(&mut text, plan);
    emission.file("cloudformation.yaml", text.finish());
}

fn parameters(text: &mut Text, plan: &Plan<'_>) {
    text.line("Parameters:");
    text.deeper(|text| {
        text.line("VpcId: { Type: \"AWS::EC2::VPC::Id\" }");
        text.why("Two at least, in different zones.");
        text.line("SubnetIds: { Type: \"List<AWS::EC2::Subnet::Id>\" }");
        text.why("Of ACM with DNS validation, which renews itself.");
        for name in plan.certificates("CertificateArn", "") {
            text.held(format!("{name}: {{ Type: String }}"), &["tls-certificate"]);
        }
        text.line("Scheme: { Type: String, Default: internet-facing, AllowedValues: [internet-facing, internal] }");
        text.line("ClientCidr: { Type: String, Default: 0.0.0.0/0 }");
    });
}

fn resource(text: &mut Text, name: &str, kind: &str, properties: impl FnOnce(&mut Text)) {
    text.line(format!("{name}:"));
    text.deeper(|text| {
        text.line(format!("Type: AWS::{kind}"));
        text.line("Properties:");
        text.deeper(properties);
    });
}

/// Who reaches the load balancer; targets let in whoever carries this group, and nobody else.
fn clients(text: &mut Text, plan: &Plan<'_>) {
    resource(text, "Clients", "EC2::SecurityGroup", |text| {
        text.line("GroupDescription: Clients of the MCP load balancer");
        text.line("VpcId: { Ref: VpcId }");
        text.line("SecurityGroupIngress:");
        text.deeper(|text| {
            for port in plan.ports() {
                text.line(format!(
                    "- {{ IpProtocol: tcp, FromPort: {port}, ToPort: {port}, CidrIp: {{ Ref: ClientCidr }} }}"
                ));
            }
        });
    });
}

fn balancer(text: &mut Text, plan: &Plan<'_>) {
    resource(
        text,
        "Gate",
        "ElasticLoadBalancingV2::LoadBalancer",
        |text| {
            text.line("Type: application");
            text.line("Scheme: { Ref: Scheme }");
            text.line("Subnets: { Ref: SubnetIds }");
            text.line("SecurityGroups: [{ \"Fn::GetAtt\": [Clients, GroupId] }]");
            text.line("LoadBalancerAttributes:");
            attributes(text, &plan.attributes);
        },
    );
}

fn attributes(text: &mut Text, attributes: &[Attribute]) {
    text.deeper(|text| {
        for attribute in attributes {
            if !attribute.why.is_empty() {
                text.why(attribute.why);
            }
            let line = format!(
                "- {{ Key: {}, Value: {} }}",
                attribute.key,
                json(&attribute.value)
            );
            text.for_practices(line, attribute.practices);
        }
    });
}

fn target_group(text: &mut Text, group: &Group<'_>) {
    resource(
        text,
        &group_id(group),
        "ElasticLoadBalancingV2::TargetGroup",
        |text| {
            text.line("TargetType: ip");
            text.line("VpcId: { Ref: VpcId }");
            text.held(
                format!("Protocol: {}", group.protocol),
                &["tls-upstream-plaintext"],
            );
            text.line("ProtocolVersion: HTTP1");
            text.line(format!("Port: {}", group.port));
            let health = &group.health;
            text.line(format!("HealthCheckProtocol: {}", group.protocol));
            text.held(
                format!("HealthCheckPath: {}", json(&health.path)),
                &["health-on-endpoint"],
            );
            text.held(
                format!("HealthCheckIntervalSeconds: {}", health.interval),
                &["connect-timeout-long"],
            );
            text.line(format!("HealthCheckTimeoutSeconds: {}", health.timeout));
            text.line(format!("HealthyThresholdCount: {}", health.rise));
            text.held(
                format!("UnhealthyThresholdCount: {}", health.fall),
                &["connect-timeout-long"],
            );
            text.line(format!("Matcher: {{ HttpCode: {} }}", json(health.matcher)));
            text.line("TargetGroupAttributes:");
            attributes(text, &group.attributes);
            if !group.targets.is_empty() {
                text.line("Targets:");
                text.deeper(|text| {
                    for (address, port) in &group.targets {
                        text.line(format!("- {{ Id: {address}, Port: {port} }}"));
                    }
                });
            }
        },
    );
}

fn redirect(text: &mut Text) {
    resource(text, "Http", "ElasticLoadBalancingV2::Listener", |text| {
        text.line("LoadBalancerArn: { Ref: Gate }");
        text.line("Protocol: HTTP");
        text.line("Port: 80");
        text.why("A load balancer redirects with 301 or 302, which turn a POST into a GET: it is refused instead.");
        text.held(
            format!("DefaultActions: [{}]", answer(IN_THE_CLEAR)),
            &["redirect-drops-body"],
        );
    });
    resource(
        text,
        "HttpRule1",
        "ElasticLoadBalancingV2::ListenerRule",
        |text| {
            text.line("ListenerArn: { Ref: Http }");
            text.line("Priority: 1");
            text.line("Conditions: [{ Field: http-request-method, HttpRequestMethodConfig: { Values: [GET, HEAD] } }]");
            text.line("Actions: [{ Type: redirect, RedirectConfig: { Protocol: HTTPS, Port: \"443\", StatusCode: HTTP_301 } }]");
        },
    );
}

fn secure(text: &mut Text, plan: &Plan<'_>, listener: &Secure) {
    let id = listener_id(listener);
    resource(text, &id, "ElasticLoadBalancingV2::Listener", |text| {
        text.line("LoadBalancerArn: { Ref: Gate }");
        text.line("Protocol: HTTPS");
        text.line(format!("Port: {}", listener.port));
        text.held(
            format!("SslPolicy: {}", listener.policy),
            &["tls-old-version"],
        );
        text.line("Certificates: [{ CertificateArn: { Ref: CertificateArn } }]");
        text.held(
            format!("DefaultActions: [{}]", answer(NOWHERE)),
            &["endpoint-unrouted"],
        );
        if !listener.attributes.is_empty() {
            text.line("ListenerAttributes:");
            attributes(text, &listener.attributes);
        }
    });
    for (number, name) in plan
        .certificates("CertificateArn", "")
        .iter()
        .enumerate()
        .skip(1)
    {
        let resource_id = format!("{id}Certificate{}", number + 1);
        resource(
            text,
            &resource_id,
            "ElasticLoadBalancingV2::ListenerCertificate",
            |text| {
                text.line(format!("ListenerArn: {{ Ref: {id} }}"));
                text.line(format!(
                    "Certificates: [{{ CertificateArn: {{ Ref: {name} }} }}]"
                ));
            },
        );
    }
}

fn rule(text: &mut Text, plan: &Plan<'_>, listener: &Secure, priority: usize, rule: &Rule) {
    let listener = listener_id(listener);
    let id = format!("{listener}Rule{priority}");
    resource(text, &id, "ElasticLoadBalancingV2::ListenerRule", |text| {
        text.line(format!("ListenerArn: {{ Ref: {listener} }}"));
        text.line(format!("Priority: {priority}"));
        text.line("Conditions:");
        text.deeper(|text| {
            if let Some(host) = &rule.host {
                let values = json_list(&[host]);
                text.line(format!("- {{ Field: host-header, HostHeaderConfig: {{ Values: {values} }} }}"));
            }
            let values = json_list(&rule.paths);
            let line = format!("- {{ Field: path-pattern, PathPatternConfig: {{ Values: {values} }} }}");
            text.for_practices(line, rule.practices);
            if !rule.origins.is_empty() {
                let values = json_list(&rule.origins);
                text.line(format!("- {{ Field: http-header, HttpHeaderConfig: {{ HttpHeaderName: Origin, Values: {values} }} }}"));
            }
        });
        transforms(text, rule);
        text.line(format!(
            "Actions: [{}]",
            match rule.action {
                Action::Forward(group) => {
                    let id = plan.groups.get(group).map(group_id).unwrap_or_default();
                    format!("{{ Type: forward, TargetGroupArn: {{ Ref: {id} }} }}")
                }
                Action::Answer(own) => answer(own),
            }
        ));
    });
}

fn transforms(text: &mut Text, rule: &Rule) {
    if rule.url.is_none() && rule.host_header.is_none() {
        return;
    }
    text.line("Transforms:");
    text.deeper(|text| {
        let config = |rewrite: &Rewrite| {
            format!(
                "{{ Rewrites: [{{ Regex: {}, Replace: {} }}] }}",
                json(&rewrite.regex),
                json(&rewrite.replace)
            )
        };
        if let Some(rewrite) = &rule.url {
            text.line(format!(
                "- {{ Type: url-rewrite, UrlRewriteConfig: {} }}",
                config(rewrite)
            ));
        }
        if let Some(rewrite) = &rule.host_header {
            text.line(format!(
                "- {{ Type: host-header-rewrite, HostHeaderRewriteConfig: {} }}",
                config(rewrite)
            ));
        }
    });
}

fn answer(answer: Answer) -> String {
    format!(
        "{{ Type: fixed-response, FixedResponseConfig: {{ StatusCode: \"{}\", ContentType: {}, MessageBody: {} }} }}",
        answer.status,
        answer.content_type(),
        json(&answer.body())
    )
}

fn outputs(text: &mut Text, plan: &Plan<'_>) {
    text.line("Outputs:");
    text.deeper(|text| {
        text.why("Point the routes' hosts here, with an alias record.");
        text.line("Name: { Value: { \"Fn::GetAtt\": [Gate, DNSName] } }");
        text.why("What the targets must let in, and nobody else.");
        text.line("ClientsGroup: { Value: { \"Fn::GetAtt\": [Clients, GroupId] } }");
        for group in &plan.groups {
            let id = group_id(group);
            text.line(format!("{id}Arn: {{ Value: {{ Ref: {id} }} }}"));
        }
    });
}

fn listener_id(listener: &Secure) -> String {
    format!("Https{}", listener.port)
}

fn group_id(group: &Group<'_>) -> String {
    let parts = group.word.split('-').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    format!("Targets{}", parts.collect::<String>())
}
