//! Variables worked out from a request: whether its origin is foreign, and what is believed of its `X-Forwarded-*`.

use propylon_config::Deployment;

use super::word::quoted;
use crate::origin::origins;
use crate::text::Text;

/// Every map that the servers use.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    origin(deployment, text);
    if !deployment.trusted_proxies.is_empty() {
        trusted(deployment, text);
    }
}

fn origin(deployment: &Deployment, text: &mut Text) {
    text.why("Programs send no Origin; browsers may come from these.");
    text.block("map $http_origin $mcp_origin_refused {", "}", |text| {
        text.line("default 1;");
        text.line("\"\" 0;");
        for origin in origins(deployment) {
            text.line(format!("{} 0;", quoted(&origin)));
        }
    });
}

/// What a trusted proxy says of the client counts; what anybody else says does not.
fn trusted(deployment: &Deployment, text: &mut Text) {
    text.block("geo $realip_remote_addr $mcp_trusted {", "}", |text| {
        text.line("default 0;");
        for network in &deployment.trusted_proxies {
            text.line(format!("{network} 1;"));
        }
    });
    let from = "$mcp_trusted:$http_x_forwarded_proto";
    text.block(&format!("map \"{from}\" $mcp_scheme {{"), "}", |text| {
        text.line("default $scheme;");
        text.line("\"~^1:https$\" https;");
        text.line("\"~^1:http$\" http;");
    });
    let from = "$mcp_trusted:$http_x_forwarded_host";
    text.block(
        &format!("map \"{from}\" $mcp_outside_host {{"),
        "}",
        |text| {
            text.line("default $http_host;");
            text.line("\"~^1:(?<mcp_named_host>[^ ,]+)$\" $mcp_named_host;");
        },
    );
}
