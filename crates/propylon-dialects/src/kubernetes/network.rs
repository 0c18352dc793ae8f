//! networkpolicy.yaml: who reaches Propylon, whom Propylon reaches, and that nobody reaches the instances around it.

use std::collections::BTreeSet;

use propylon_config::UrlHost;

use super::manifest::{NETWORK, file, object};
use super::plan::{ADMIN_PORT, HTTP_PORT, HTTPS_PORT, NAME, Plan};
use crate::emission::Emission;
use crate::text::Text;

/// Networks that are nobody's on the internet.
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
];

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, NETWORK, |text| {
        object(text, "networking.k8s.io/v1", "NetworkPolicy", NAME);
        text.line("spec:");
        text.deeper(|text| own(text, plan));
        for each in &plan.upstreams {
            let Some(service) = &each.service else {
                continue;
            };
            object(text, "networking.k8s.io/v1", "NetworkPolicy", service);
            text.line("spec:");
            text.deeper(|text| {
                text.line(format!("podSelector: {{ matchLabels: {{ app.kubernetes.io/name: {service} }} }}"));
                text.line("policyTypes: [Ingress]");
                text.why("Through Propylon, or not at all; the kubelet's probes are let in by every network plugin.");
                text.line("ingress:");
                text.deeper(|text| {
                    text.held(
                        format!("- {{ from: [{{ podSelector: {{ matchLabels: {{ app.kubernetes.io/name: {NAME} }} }} }}], ports: [{{ port: {} }}] }}", each.port),
                        &["session-open-to-others"],
                    );
                });
            });
        }
    });
}

fn own(text: &mut Text, plan: &Plan<'_>) {
    text.line(format!(
        "podSelector: {{ matchLabels: {{ app.kubernetes.io/name: {NAME} }} }}"
    ));
    text.line("policyTypes: [Ingress, Egress]");
    text.line("ingress:");
    text.deeper(|text| {
        text.why("Name your Gateway's namespace here: `from: [{ namespaceSelector: … }]`.");
        text.line(format!("- ports: [{{ port: {HTTP_PORT} }}]"));
        if plan.tls.is_some() {
            text.line(format!("- ports: [{{ port: {HTTPS_PORT} }}]"));
        }
        text.why("Metrics, from where Prometheus is.");
        text.line(format!("- {{ from: [{{ namespaceSelector: {{ matchLabels: {{ kubernetes.io/metadata.name: monitoring }} }} }}], ports: [{{ port: {ADMIN_PORT} }}] }}"));
    });
    text.line("egress:");
    text.deeper(|text| {
        text.line("- { to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } } }], ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }");
        for each in &plan.upstreams {
            if let Some(service) = &each.service {
                text.held(
                    format!("- {{ to: [{{ podSelector: {{ matchLabels: {{ app.kubernetes.io/name: {service} }} }} }}], ports: [{{ port: {} }}] }}", each.port),
                    &["ssrf-private-address", "ssrf-rebinding", "ssrf-scheme-port"],
                );
            }
        }
        elsewhere(text, plan);
    });
}

/// Instances that are not beside Propylon: Services of other namespaces, and servers outside of the cluster.
fn elsewhere(text: &mut Text, plan: &Plan<'_>) {
    let (mut inside, mut outside) = (BTreeSet::new(), BTreeSet::new());
    for each in plan.upstreams.iter().filter(|each| each.service.is_none()) {
        for url in each.upstream.endpoints.urls() {
            match &url.host {
                UrlHost::Name(name) if name.split('.').any(|label| label == "svc") => {
                    inside.insert(url.port)
                }
                UrlHost::Name(_) | UrlHost::Ip(_) => outside.insert(url.port),
            };
        }
    }
    for port in inside {
        text.why("Services of other namespaces; narrow it to theirs.");
        text.line(format!(
            "- {{ to: [{{ namespaceSelector: {{}} }}], ports: [{{ port: {port} }}] }}"
        ));
    }
    for port in outside {
        text.why("Outside of the cluster, and of every private network.");
        text.held(
            format!("- {{ to: [{{ ipBlock: {{ cidr: 0.0.0.0/0, except: [{}] }} }}], ports: [{{ port: {port} }}] }}", PRIVATE.join(", ")),
            &["ssrf-private-address", "ssrf-rebinding", "ssrf-scheme-port"],
        );
    }
}
