//! What concerns the whole process: how many connections it takes, and its own listener.

use propylon_config::Deployment;

use super::word::kind;
use crate::text::Text;

/// The sections beside `static_resources`.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    if let Some(admin) = deployment.admin.filter(|admin| admin.explicit) {
        text.why("It has no authentication: keep it inside.");
        text.line("admin:");
        text.deeper(|text| {
            text.line(format!(
                "address: {}",
                super::listener::address(&admin.address)
            ));
        });
        text.blank();
    }
    text.line("overload_manager:");
    text.deeper(|text| {
        text.line("resource_monitors:");
        text.deeper(|text| {
            text.line("- name: envoy.resource_monitors.global_downstream_max_connections");
            text.deeper(|text| {
                text.line("typed_config:");
                text.deeper(|text| {
                    text.line(kind("envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"));
                    let most = deployment.limits.connections;
                    text.held(
                        format!("max_active_downstream_connections: {most}"),
                        &["http2-stream-limit"],
                    );
                });
            });
        });
    });
}
