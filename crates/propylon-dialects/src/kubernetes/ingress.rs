//! front/ingress-nginx.yaml and front/traefik.yaml: the way to Propylon for those who keep their ingress.

use propylon_config::Deployment;

use super::manifest::{file, object};
use super::plan::{NAME, Plan};
use crate::emission::Emission;
use crate::quote::{json, json_list};
use crate::text::Text;

/// Below what Propylon keeps idle connections for, so that the ingress never sends on one that is being closed.
const IDLE_MARGIN_SECONDS: u64 = 15;

pub(super) fn nginx(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, "front/ingress-nginx.yaml", |text| {
        controller(text, plan.deployment);
        text.line("---");
        text.line("apiVersion: networking.k8s.io/v1");
        text.line("kind: Ingress");
        text.line("metadata:");
        text.deeper(|text| {
            text.line(format!("name: {NAME}"));
            text.line("annotations:");
            text.deeper(|text| annotations(text, plan));
        });
        text.line("spec:");
        text.deeper(|text| {
            text.line("ingressClassName: nginx");
            if !plan.hosts.is_empty() {
                text.held(
                    format!(
                        "tls: [{{ hosts: {}, secretName: mcp-tls }}]",
                        json_list(&plan.hosts)
                    ),
                    &["tls-certificate"],
                );
            }
            text.line("rules:");
            let backend =
                format!("backend: {{ service: {{ name: {NAME}, port: {{ number: 80 }} }} }}");
            let path = format!("http: {{ paths: [{{ path: /, pathType: Prefix, {backend} }}] }}");
            let practices = &["endpoint-unrouted", "auth-metadata-unreachable"];
            text.deeper(|text| {
                for host in &plan.hosts {
                    text.held(format!("- {{ host: {}, {path} }}", json(host)), practices);
                }
                if plan.hosts.is_empty() {
                    text.held(format!("- {{ {path} }}"), practices);
                }
            });
        });
    });
}

/// What only the controller's own ConfigMap can say, for all it serves.
fn controller(text: &mut Text, deployment: &Deployment) {
    let idle = upstream_idle(deployment);
    text.bare_comment();
    text.why(
        "In the ConfigMap of the ingress-nginx controller, which is not this file's to write:",
    );
    for (line, practice) in [
        ("enable-underscores-in-headers: \"true\"".to_owned(), "param-headers-lost"),
        ("ignore-invalid-headers: \"false\"".to_owned(), "param-headers-lost"),
        ("large-client-header-buffers: \"8 32k\"".to_owned(), "header-limit-small"),
        (format!("upstream-keepalive-timeout: \"{idle}\""), "keepalive-race"),
        ("http2-max-concurrent-streams: \"512\"".to_owned(), "http2-stream-limit"),
        ("log-format-upstream: '$remote_addr [$time_iso8601] \"$request_method $uri\" $status $request_time'".to_owned(), "log-credentials"),
        ("worker-shutdown-timeout: \"3600s\"".to_owned(), "drain-cuts-streams"),
    ] {
        text.line(format!("#   {line}  # {practice}"));
    }
}

fn annotations(text: &mut Text, plan: &Plan<'_>) {
    let longest = plan
        .upstreams
        .iter()
        .map(|each| {
            each.upstream
                .timeouts
                .idle
                .max(each.upstream.timeouts.response_head)
        })
        .max()
        .unwrap_or_default();
    // A minute more than Propylon, which then is the one to say so.
    let read = longest.as_secs() + 60;
    let body = plan.deployment.limits.body_bytes.div_ceil(1 << 20);
    let mut one = |name: &str, value: String, practices: &[&str]| {
        text.held(
            format!("nginx.ingress.kubernetes.io/{name}: \"{value}\""),
            practices,
        );
    };
    one(
        "proxy-buffering",
        "off".to_owned(),
        &["sse-buffered", "sse-head-withheld"],
    );
    one(
        "proxy-request-buffering",
        "off".to_owned(),
        &["body-limit-small"],
    );
    one("proxy-body-size", format!("{body}m"), &["body-limit-small"]);
    one(
        "proxy-connect-timeout",
        "5".to_owned(),
        &["connect-timeout-long"],
    );
    one(
        "proxy-read-timeout",
        read.to_string(),
        &["response-timeout-short", "idle-timeout-short"],
    );
    one(
        "proxy-send-timeout",
        read.to_string(),
        &["idle-timeout-short"],
    );
    one(
        "proxy-next-upstream",
        "off".to_owned(),
        &["request-replayed"],
    );
    one(
        "proxy-http-version",
        "1.1".to_owned(),
        &["upstream-loss-hidden"],
    );
    one(
        "proxy-max-temp-file-size",
        "0".to_owned(),
        &["slow-reader-starves-others"],
    );
}

/// Seconds an ingress may keep an idle connection to Propylon.
fn upstream_idle(deployment: &Deployment) -> u64 {
    deployment
        .timeouts
        .keep_alive
        .as_secs()
        .saturating_sub(IDLE_MARGIN_SECONDS)
        .max(1)
}

pub(super) fn traefik(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, "front/traefik.yaml", |text| {
        text.bare_comment();
        text.why("In Traefik's own arguments, which are not this file's to write: a time for reading a whole request cuts large ones, and 60 s is the default.");
        text.line("#   --entryPoints.websecure.transport.respondingTimeouts.readTimeout=0  # body-limit-small");
        object(text, "traefik.io/v1alpha1", "ServersTransport", NAME);
        text.line("spec:");
        text.deeper(|text| {
            let idle = upstream_idle(plan.deployment);
            text.held("disableHTTP2: true", &["upstream-loss-hidden"]);
            text.why("0s is no limit: how long a silent call may take is Propylon's to say.");
            text.held(
                format!("forwardingTimeouts: {{ dialTimeout: 5s, responseHeaderTimeout: 0s, idleConnTimeout: {idle}s }}"),
                &["response-timeout-short", "connect-timeout-long", "keepalive-race"],
            );
        });
        object(text, "traefik.io/v1alpha1", "IngressRoute", NAME);
        text.line("spec:");
        text.deeper(|text| {
            text.why("The entry point with TLS alone: its redirect would turn a POST into a GET.");
            text.held("entryPoints: [websecure]", &["redirect-drops-body"]);
            text.held("tls: { secretName: mcp-tls }", &["tls-certificate"]);
            text.why("No middleware: none may buffer, compress, retry or strip.");
            text.line("routes:");
            text.deeper(|text| {
                text.held(
                    format!("- match: {}", json(&matched(&plan.hosts))),
                    &["endpoint-unrouted", "auth-metadata-unreachable"],
                );
                text.deeper(|text| {
                    text.line("kind: Rule");
                    text.line("services:");
                    text.deeper(|text| {
                        text.held(
                            format!("- {{ name: {NAME}, port: 80, passHostHeader: true, serversTransport: {NAME} }}"),
                            &["host-rewritten"],
                        );
                    });
                });
            });
        });
    });
}

/// The hosts, in the language of Traefik's rules.
fn matched(hosts: &[&str]) -> String {
    if hosts.is_empty() {
        return "PathPrefix(`/`)".to_owned();
    }
    let each = hosts.iter().map(|host| match host.strip_prefix("*.") {
        Some(domain) => format!("HostRegexp(`^[^.]+\\.{}$`)", domain.replace('.', "\\.")),
        None => format!("Host(`{host}`)"),
    });
    each.collect::<Vec<_>>().join(" || ")
}
