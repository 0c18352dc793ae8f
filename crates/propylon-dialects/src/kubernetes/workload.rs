//! deployment.yaml: the Pods of Propylon, how many there are, and how they come and go.

use super::manifest::{WORKLOAD, file, object};
use super::plan::{ADMIN_PORT, HTTP_PORT, HTTPS_PORT, NAME, Plan};
use crate::emission::Emission;
use crate::text::Text;

/// How long endpoints take to be known as leaving: Propylon takes no connection once it was told to end.
const PRE_STOP_SECONDS: u64 = 5;
/// Behind the drain, for what is cut to be seen to be cut.
const MARGIN_SECONDS: u64 = 10;
/// Memory of an idle stream and of its two connections, generously.
const STREAM_KIB: usize = 8;
const BASE_MIB: usize = 128;
/// JSON has decimal numbers only.
const SECRET_MODE: u32 = 0o440;

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, WORKLOAD, |text| {
        object(text, "apps/v1", "Deployment", NAME);
        deployment(text, plan);
        object(text, "policy/v1", "PodDisruptionBudget", NAME);
        text.line("spec:");
        text.deeper(|text| {
            text.held("maxUnavailable: 1", &["drain-cuts-streams"]);
            text.line(format!(
                "selector: {{ matchLabels: {{ app.kubernetes.io/name: {NAME} }} }}"
            ));
        });
        object(text, "autoscaling/v2", "HorizontalPodAutoscaler", NAME);
        autoscaler(text);
    });
}

fn deployment(text: &mut Text, plan: &Plan<'_>) {
    text.line("spec:");
    text.deeper(|text| {
        text.why("How many there are is the autoscaler's to say.");
        text.line(format!(
            "selector: {{ matchLabels: {{ app.kubernetes.io/name: {NAME} }} }}"
        ));
        text.why("One more comes before one goes.");
        text.held(
            "strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }",
            &["drain-cuts-streams"],
        );
        text.line("template:");
        text.deeper(|text| {
            text.line(format!(
                "metadata: {{ labels: {{ app.kubernetes.io/name: {NAME} }} }}"
            ));
            text.line("spec:");
            text.deeper(|text| pod(text, plan));
        });
    });
}

fn pod(text: &mut Text, plan: &Plan<'_>) {
    let drain =
        plan.deployment.drain.as_secs() + u64::from(plan.deployment.drain.subsec_nanos() > 0);
    text.line("automountServiceAccountToken: false");
    text.line("enableServiceLinks: false");
    text.why("preStop, the description's drain, and a margin.");
    text.held(
        format!(
            "terminationGracePeriodSeconds: {}",
            PRE_STOP_SECONDS + drain + MARGIN_SECONDS
        ),
        &["drain-cuts-streams"],
    );
    text.line("securityContext:");
    text.deeper(|text| {
        text.line("runAsNonRoot: true");
        text.line("runAsUser: 65532");
        text.line("runAsGroup: 65532");
        text.line("fsGroup: 65532");
        text.line("seccompProfile: { type: RuntimeDefault }");
    });
    text.line("topologySpreadConstraints:");
    text.deeper(|text| {
        text.line(format!("- {{ maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {{ matchLabels: {{ app.kubernetes.io/name: {NAME} }} }} }}"));
    });
    text.line("containers:");
    text.deeper(|text| {
        text.line(format!("- name: {NAME}"));
        text.deeper(|text| container(text, plan));
    });
    text.line("volumes:");
    text.deeper(|text| {
        text.line(format!(
            "- {{ name: description, configMap: {{ name: {NAME} }} }}"
        ));
        if !plan.secrets.is_empty() {
            text.why("288 is 0440: for the group of the Pod, and nobody else.");
        }
        for secret in &plan.secrets {
            text.held(
                format!(
                    "- {{ name: {0}, secret: {{ secretName: {0}, defaultMode: {SECRET_MODE} }} }}",
                    secret.name
                ),
                secret.practices,
            );
        }
    });
}

fn container(text: &mut Text, plan: &Plan<'_>) {
    text.line(format!("image: {NAME}"));
    text.line("args: [serve, -c, /etc/propylon/description/propylon.yaml]");
    text.line("ports:");
    text.deeper(|text| {
        text.line(format!("- {{ name: http, containerPort: {HTTP_PORT} }}"));
        if plan.tls.is_some() {
            text.line(format!("- {{ name: https, containerPort: {HTTPS_PORT} }}"));
        }
        text.line(format!("- {{ name: admin, containerPort: {ADMIN_PORT} }}"));
    });
    text.why("Never the MCP endpoint. Liveness has more patience than readiness: a restart cuts every stream.");
    let probe = |path: &str, period: u32, failures: u32| {
        format!(
            "{{ httpGet: {{ path: {path}, port: admin }}, periodSeconds: {period}, timeoutSeconds: 2, failureThreshold: {failures} }}"
        )
    };
    text.held(
        format!("startupProbe: {}", probe("/livez", 1, 30)),
        &["health-missing"],
    );
    text.held(
        format!("livenessProbe: {}", probe("/livez", 10, 6)),
        &["health-missing", "health-on-endpoint"],
    );
    text.held(
        format!("readinessProbe: {}", probe("/readyz", 5, 2)),
        &["health-missing", "health-on-endpoint"],
    );
    text.why("Told to end, Propylon takes no connection more: until the Gateway has heard of it, it is not told.");
    text.held(
        format!("lifecycle: {{ preStop: {{ sleep: {{ seconds: {PRE_STOP_SECONDS} }} }} }}"),
        &["drain-cuts-streams"],
    );
    text.line("securityContext:");
    text.deeper(|text| {
        text.line("allowPrivilegeEscalation: false");
        text.line("readOnlyRootFilesystem: true");
        text.line("capabilities: { drop: [ALL] }");
    });
    let memory = BASE_MIB + (plan.deployment.limits.streams * STREAM_KIB).div_ceil(1024);
    text.why("The limit has room for every stream of `limits.streams`. There is none for the CPU, which would delay events.");
    text.held(
        format!("resources: {{ requests: {{ cpu: 250m, memory: {BASE_MIB}Mi }}, limits: {{ memory: {memory}Mi }} }}"),
        &["unbounded-streams"],
    );
    text.line("volumeMounts:");
    text.deeper(|text| {
        text.line("- { name: description, mountPath: /etc/propylon/description, readOnly: true }");
        for secret in &plan.secrets {
            text.line(format!(
                "- {{ name: {}, mountPath: {}, readOnly: true }}",
                secret.name, secret.folder
            ));
        }
    });
}

fn autoscaler(text: &mut Text) {
    text.line("spec:");
    text.deeper(|text| {
        text.line(format!("scaleTargetRef: {{ apiVersion: apps/v1, kind: Deployment, name: {NAME} }}"));
        text.line("minReplicas: 2");
        text.line("maxReplicas: 10");
        text.line("metrics:");
        text.deeper(|text| {
            for (resource, percent) in [("cpu", 70), ("memory", 80)] {
                text.line(format!("- {{ type: Resource, resource: {{ name: {resource}, target: {{ type: Utilization, averageUtilization: {percent} }} }} }}"));
            }
        });
        text.why("A Pod that goes ends its streams: one at a time, and not for a lull.");
        text.held(
            "behavior: { scaleDown: { stabilizationWindowSeconds: 600, policies: [{ type: Pods, value: 1, periodSeconds: 300 }] } }",
            &["drain-cuts-streams"],
        );
    });
}
