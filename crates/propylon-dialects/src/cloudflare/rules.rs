//! rules.tf: what the zone must not do to MCP traffic, and the routes through the tunnel.

use propylon_config::UrlHost;

use super::plan::{Plan, network_of};
use crate::emission::Emission;
use crate::quote::hcl;
use crate::text::Text;

pub(super) fn write(plan: &Plan<'_>, emission: &mut Emission) {
    let mut text = Text::new("#", "  ");
    text.opening(&super::TARGET, emission);
    text.blank();
    opening(&mut text, plan);
    if !plan.hosts.is_empty() {
        zone(&mut text, plan);
    }
    tunnel_routes(&mut text, plan);
    emission.file("rules.tf", text.finish());
}

fn opening(text: &mut Text, plan: &Plan<'_>) {
    text.block("terraform {", "}", |text| {
        text.block("required_providers {", "}", |text| {
            text.block("cloudflare = {", "}", |text| {
                text.line("source  = \"cloudflare/cloudflare\"");
                text.line("version = \"~> 5.0\"");
            });
        });
    });
    if !plan.hosts.is_empty() {
        variable(text, "zone_id", "The zone of the routes' hosts.");
    }
    if !plan.private_hosts().is_empty() {
        variable(text, "account_id", "The account of the zone.");
        variable(text, "tunnel_id", "What `cloudflared tunnel create` said.");
    }
}

fn variable(text: &mut Text, name: &str, description: &str) {
    text.blank();
    text.block(&format!("variable \"{name}\" {{"), "}", |text| {
        text.line("type        = string");
        text.line(format!("description = \"{description}\""));
    });
}

fn zone(text: &mut Text, plan: &Plan<'_>) {
    text.blank();
    text.block("locals {", "}", |text| {
        text.why("The hosts, in the language of rules.");
        text.line(format!("mcp = {}", hcl(&expression(plan))));
    });
    ruleset(text, "cache", "http_request_cache_settings", |text| {
        text.line("action     = \"set_cache_settings\"");
        text.line("expression = local.mcp");
        text.block("action_parameters = {", "}", |text| {
            text.held("cache = false", &["sse-cached"]);
        });
    });
    ruleset(text, "compression", "http_response_compression", |text| {
        text.line("action     = \"compress_response\"");
        text.line("expression = local.mcp");
        text.block("action_parameters = {", "}", |text| {
            text.held(
                "algorithms = [{ name = \"none\" }]",
                &["sse-compressed", "sse-buffered"],
            );
        });
    });
    untouched(text);
    redirect(text);
    text.blank();
    text.why("For the whole zone: 1.0 is the default.");
    text.block(
        "resource \"cloudflare_zone_setting\" \"mcp_tls\" {",
        "}",
        |text| {
            text.line("zone_id    = var.zone_id");
            text.line("setting_id = \"min_tls_version\"");
            text.held("value      = \"1.2\"", &["tls-old-version"]);
        },
    );
}

/// What would rewrite, block or challenge keeps away.
fn untouched(text: &mut Text) {
    ruleset(text, "config", "http_config_settings", |text| {
        text.line("action     = \"set_config\"");
        text.line("expression = local.mcp");
        text.block("action_parameters = {", "}", |text| {
            text.held("bic                      = false", &["client-blocked"]);
            text.held("security_level           = \"essentially_off\"", &["client-blocked"]);
            text.why("Whatever rewrites answers stays away.");
            for name in ["automatic_https_rewrites", "email_obfuscation", "rocket_loader"] {
                text.held(format!("{name:<24} = false"), &["body-altered"]);
            }
            text.held("disable_zaraz            = true", &["body-altered"]);
            text.why("The server's certificate is verified, where it is reached over TLS without the tunnel.");
            text.held("ssl                      = \"strict\"", &["tls-upstream-unverified", "tls-upstream-plaintext"]);
        });
    });
    ruleset(text, "firewall", "http_request_firewall_custom", |text| {
        text.why("Bodies of tool calls look like attacks, and SDKs like bots.");
        text.line("action     = \"skip\"");
        text.line("expression = local.mcp");
        text.block("action_parameters = {", "}", |text| {
            text.held(
                "phases   = [\"http_request_firewall_managed\", \"http_request_sbfm\"]",
                &[
                    "client-blocked",
                    "body-limit-small",
                    "method-blocked",
                    "method-headers-lost",
                ],
            );
            text.held(
                "products = [\"bic\", \"securityLevel\", \"uaBlock\", \"waf\"]",
                &["client-blocked"],
            );
        });
        text.line("logging = { enabled = true }");
    });
}

/// A redirect that keeps the method and the body.
fn redirect(text: &mut Text) {
    ruleset(text, "redirect", "http_request_dynamic_redirect", |text| {
        text.why(
            "Where \"Always Use HTTPS\" is on, its 301 comes first: switch it off for this zone.",
        );
        text.line("action     = \"redirect\"");
        text.line("expression = \"not ssl and ${local.mcp}\"");
        text.block("action_parameters = {", "}", |text| {
            text.block("from_value = {", "}", |text| {
                text.held("status_code           = 308", &["redirect-drops-body"]);
                text.line("preserve_query_string = true");
                text.line("target_url            = { expression = \"concat(\\\"https://\\\", http.host, http.request.uri.path)\" }");
            });
        });
    });
}

/// One ruleset of the zone with one rule. A phase has one ruleset, so rules of the zone's own go in beside it.
fn ruleset(text: &mut Text, name: &str, phase: &str, rule: impl FnOnce(&mut Text)) {
    text.blank();
    text.block(
        &format!("resource \"cloudflare_ruleset\" \"mcp_{name}\" {{"),
        "}",
        |text| {
            text.line("zone_id = var.zone_id");
            text.line("kind    = \"zone\"");
            text.line(format!("name    = \"MCP: {name}\""));
            text.line(format!("phase   = \"{phase}\""));
            text.block("rules = [{", "}]", |text| {
                text.line(format!("ref        = \"mcp_{name}\""));
                rule(text);
            });
        },
    );
}

fn tunnel_routes(text: &mut Text, plan: &Plan<'_>) {
    for host in plan.private_hosts() {
        text.blank();
        match host {
            UrlHost::Ip(address) => {
                let name = word(&address.to_string());
                let open = format!(
                    "resource \"cloudflare_zero_trust_tunnel_cloudflared_route\" \"mcp_{name}\" {{"
                );
                text.block(&open, "}", |text| {
                    text.line("account_id = var.account_id");
                    text.line("tunnel_id  = var.tunnel_id");
                    text.line(format!("network    = {}", hcl(&network_of(address))));
                });
            }
            UrlHost::Name(host) => {
                let open = format!(
                    "resource \"cloudflare_zero_trust_network_hostname_route\" \"mcp_{}\" {{",
                    word(host)
                );
                text.block(&open, "}", |text| {
                    text.line("account_id = var.account_id");
                    text.line("tunnel_id  = var.tunnel_id");
                    text.line(format!("hostname   = {}", hcl(host)));
                });
            }
        }
    }
}

/// What requests of the routes have in common.
fn expression(plan: &Plan<'_>) -> String {
    let hosts: Vec<String> = plan
        .hosts
        .iter()
        .map(|host| match host.strip_prefix('*') {
            Some(end) => format!("ends_with(http.host, \"{end}\")"),
            None => format!("http.host eq \"{host}\""),
        })
        .collect();
    format!("({})", hosts.join(" or "))
}

/// A name as resources have it.
fn word(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect()
}
