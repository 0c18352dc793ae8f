//! What holds for every site: process, listeners' limits and times, and the log.

use propylon_config::{Deployment, IpNet, Listener};

use super::log;
use crate::spelling::time;
use crate::text::Text;

/// What a listener speaks: without TLS the second is not offered.
const USUAL: &str = "h1 h2";

/// The block of global options.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    text.block("{", "}", |text| {
        text.why("Reload with: caddy reload --config Caddyfile --address unix/caddy-admin.sock");
        text.held(
            "admin \"unix/caddy-admin.sock|0600\"",
            &["drain-cuts-streams"],
        );
        text.line("persist_config off");
        text.line("storage file_system caddy-storage");
        text.why("Nothing is fetched, redirected or listened to that is not written here.");
        text.line("auto_https off");
        text.why("Without it a reload waits for the last stream for ever.");
        text.held(
            format!("grace_period {}", time(deployment.drain)),
            &["drain-cuts-streams"],
        );
        text.block("servers {", "}", |text| servers(deployment, USUAL, text));
        for listener in &deployment.listeners {
            let protocols = protocols(listener);
            if listener.proxy_protocol.is_empty() && protocols == USUAL {
                continue;
            }
            let open = format!("servers {} {{", listener.address);
            text.block(&open, "}", |text| {
                if !listener.proxy_protocol.is_empty() {
                    balanced(&listener.proxy_protocol, text);
                }
                servers(deployment, protocols, text);
            });
        }
        log::own(&deployment.log, text);
    });
}

/// Only connections of these balancers, each of which begins with the client's address.
fn balanced(networks: &[IpNet], text: &mut Text) {
    let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
    text.block("listener_wrappers {", "}", |text| {
        text.block("proxy_protocol {", "}", |text| {
            text.held(
                format!("allow {}", networks.join(" ")),
                &["forwarded-spoofable"],
            );
            text.line("fallback_policy reject");
        });
        text.line("tls");
    });
}

/// What a listener speaks beside what is usual: HTTP/2 where there is TLS.
fn protocols(listener: &Listener) -> &'static str {
    match (listener.http2, listener.tls.is_some()) {
        (true, false) => "h1 h2 h2c",
        (false, true) => "h1",
        (true, true) | (false, false) => USUAL,
    }
}

fn servers(deployment: &Deployment, protocols: &str, text: &mut Text) {
    let (limits, timeouts) = (&deployment.limits, &deployment.timeouts);
    text.line(format!("protocols {protocols}"));
    text.held(
        format!("max_header_size {}", limits.header_bytes),
        &["header-limit-small"],
    );
    text.block("timeouts {", "}", |text| {
        text.line(format!("read_header {}", time(timeouts.header_read)));
        text.line(format!("read_body_idle {}", time(timeouts.body_idle)));
        text.why("Counts only while something waits to be sent: a quiet stream is not meant.");
        text.held(
            format!("write_idle {}", time(timeouts.write_idle)),
            &["slow-reader-starves-others"],
        );
        text.held(
            format!("idle {}", time(timeouts.keep_alive)),
            &["idle-timeout-order"],
        );
    });
    if deployment.trusted_proxies.is_empty() {
        return;
    }
    let networks = deployment.trusted_proxies.iter().map(ToString::to_string);
    let networks: Vec<String> = networks.collect();
    let spoofable = &["forwarded-spoofable"];
    text.held(
        format!("trusted_proxies static {}", networks.join(" ")),
        spoofable,
    );
    text.why("From the right, which is the only order a client cannot forge.");
    text.held("trusted_proxies_strict", spoofable);
}
