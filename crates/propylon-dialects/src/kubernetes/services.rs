//! services.yaml: where the Gateway finds Propylon, and where Propylon finds the instances.

use super::manifest::{SERVICES, file, object};
use super::plan::{NAME, Plan};
use crate::emission::Emission;

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    file(emission, SERVICES, |text| {
        object(text, "v1", "Service", NAME);
        text.line("spec:");
        text.deeper(|text| {
            text.line(format!("selector: {{ app.kubernetes.io/name: {NAME} }}"));
            text.line("ports:");
            text.deeper(|text| {
                text.line("- { name: http, port: 80, targetPort: http, appProtocol: http }");
                if plan.tls.is_some() {
                    text.line(
                        "- { name: https, port: 443, targetPort: https, appProtocol: https }",
                    );
                }
            });
        });
        for each in &plan.upstreams {
            let Some(service) = &each.service else {
                continue;
            };
            object(text, "v1", "Service", service);
            text.line("spec:");
            text.deeper(|text| {
                text.why("Headless: the name has the address of every ready Pod, so that each session finds its own.");
                text.held("clusterIP: None", &["session-scattered", "dead-session-status"]);
                text.line(format!("selector: {{ app.kubernetes.io/name: {service} }}"));
                let port = each.port;
                text.line(format!("ports: [{{ name: mcp, port: {port}, targetPort: {port}, appProtocol: http }}]"));
            });
        }
    });
}
