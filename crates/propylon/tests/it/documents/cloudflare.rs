//! Cloudflare: what stands beside the Worker, by schema where there is one, and value for value.

use propylon_testkit::read_jsonc;
use serde_json::{Value, json};

use super::{Documents, faults};
use crate::real::servers::peers;

/// Two hosts, and two servers behind a tunnel.
const DESCRIPTION: &str = "listeners: [{ address: 0.0.0.0:8443, health: /up }]\n\
    routes:\n\
    - { host: mcp.example.com, path: /weather, upstream: weather, cors: { origins: [https://app.example.com], max_age: 10m } }\n\
    - { host: '*.example.com', path: /tools, upstream: tools }\n\
    upstreams:\n  \
      weather:\n    \
        urls: ['http://10.0.0.1:3001/mcp', 'http://10.0.0.2:3001/mcp']\n    \
        timeouts: { response_head: 15m, idle: 2h, stream: 12h }\n    \
        health: { path: /health, timeout: 3s }\n    \
        pool: { eject: 2s }\n    \
        keepalive: 20s\n  \
      tools: { url: http://tools.lan/mcp, affinity: { by: none } }\n\
    limits: { body_bytes: 32MiB }\n";

#[test]
fn wranglers_schema_takes_the_settings() {
    let files = Documents::generate("cloudflare", DESCRIPTION);
    let schema = peers()
        .modules("wrangler")
        .join("wrangler/config-schema.json");
    let mut settings = read_jsonc(&files.path("worker/wrangler.jsonc"));
    assert_eq!(faults(&schema, &settings), Vec::<String>::new());
    // A schema that takes anything would be no judge.
    settings["routes"][0]["custom_domain"] = json!("yes");
    settings["workers-dev"] = json!(false);
    assert!(faults(&schema, &settings).len() >= 2);
}

#[test]
fn the_worker_is_told_what_the_description_says() {
    let files = Documents::generate("cloudflare", DESCRIPTION);
    let settings = read_jsonc(&files.path("worker/wrangler.jsonc"));
    let expected = json!({
        "health": "/up",
        "bodyBytes": 32 << 20,
        "routes": [
            { "host": "mcp.example.com", "path": "/weather", "upstream": "weather",
              "origins": ["https://app.example.com"], "corsMaxAge": 600 },
            { "host": "*.example.com", "path": "/tools", "upstream": "tools", "origins": [], "corsMaxAge": 7200 },
        ],
        "upstreams": {
            "tools": {
                "path": "/mcp", "isPrivate": true, "affinity": false, "instances": ["http://tools.lan"],
                "health": "/", "healthMs": 2000, "ejectMs": 5000, "responseHeadMs": 600_000, "idleMs": 3_600_000,
                "streamMs": 86_400_000, "commentMs": 15_000,
            },
            "weather": {
                "path": "/mcp", "isPrivate": true, "affinity": true,
                "instances": ["http://10.0.0.1:3001", "http://10.0.0.2:3001"],
                "health": "/health", "healthMs": 3000, "ejectMs": 2000, "responseHeadMs": 900_000,
                "idleMs": 7_200_000, "streamMs": 43_200_000, "commentMs": 20_000,
            },
        },
    });
    assert_eq!(settings["vars"]["DEPLOYMENT"], expected);
    let routes = json!([
        { "pattern": "*.example.com/*", "zone_name": "example.com" },
        { "pattern": "mcp.example.com", "custom_domain": true },
    ]);
    assert_eq!(settings["routes"], routes);
    assert_eq!(files.lost(), ["listeners[0].address"]);
}

#[test]
fn the_rules_are_about_the_routes_hosts() {
    let files = Documents::generate("cloudflare", DESCRIPTION);
    let rules = files.hcl("rules.tf");
    assert_eq!(
        rules["locals"]["mcp"],
        r#"(ends_with(http.host, ".example.com") or http.host eq "mcp.example.com")"#
    );
    let cases: [(&str, &str, &str, Value); 6] = [
        (
            "mcp_cache",
            "http_request_cache_settings",
            "cache",
            json!(false),
        ),
        (
            "mcp_compression",
            "http_response_compression",
            "algorithms",
            json!([{ "name": "none" }]),
        ),
        ("mcp_config", "http_config_settings", "bic", json!(false)),
        ("mcp_config", "http_config_settings", "ssl", json!("strict")),
        (
            "mcp_firewall",
            "http_request_firewall_custom",
            "phases",
            json!(["http_request_firewall_managed", "http_request_sbfm"]),
        ),
        (
            "mcp_redirect",
            "http_request_dynamic_redirect",
            "from_value",
            json!({
                "status_code": 308,
                "preserve_query_string": true,
                "target_url": { "expression": r#"concat("https://", http.host, http.request.uri.path)"# },
            }),
        ),
    ];
    for (name, phase, key, expected) in cases {
        let ruleset = &rules["resource"]["cloudflare_ruleset"][name];
        assert_eq!(ruleset["phase"], phase, "{name}");
        assert_eq!(
            ruleset["rules"][0]["action_parameters"][key], expected,
            "{name}.{key}"
        );
    }
    let routes = &rules["resource"]["cloudflare_zero_trust_tunnel_cloudflared_route"];
    assert_eq!(routes["mcp_10_0_0_1"]["network"], "10.0.0.1/32");
    assert_eq!(routes["mcp_10_0_0_2"]["network"], "10.0.0.2/32");
    let tls = &rules["resource"]["cloudflare_zone_setting"]["mcp_tls"];
    assert_eq!(tls["value"], "1.2");
}

#[test]
fn the_tunnel_publishes_nothing_by_name() {
    let files = Documents::generate("cloudflare", DESCRIPTION);
    let tunnel = files.yaml("cloudflared.yml");
    let expected = json!([{
        "tunnel": "mcp-gate",
        "protocol": "quic",
        "warp-routing": { "enabled": true },
        "grace-period": "3m",
        "loglevel": "info",
        "metrics": "127.0.0.1:20241",
        "ingress": [{ "service": "http_status:404" }],
    }]);
    assert_eq!(json!(tunnel), expected);
}

#[test]
fn what_only_this_deployment_meets_is_said() {
    let discovered = DESCRIPTION.replace(
        "urls: ['http://10.0.0.1:3001/mcp', 'http://10.0.0.2:3001/mcp']",
        "url: http://weather.internal:3001/mcp\n    discover: dns",
    );
    let files = Documents::generate("cloudflare", &discovered);
    assert!(files.gaps().contains(&"session-scattered"));
    assert!(files.lost().contains(&"upstreams.weather.discover"));
    let rules = files.hcl("rules.tf");
    let host =
        &rules["resource"]["cloudflare_zero_trust_network_hostname_route"]["mcp_weather_internal"];
    assert_eq!(host["hostname"], "weather.internal");
    let hostless = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /mcp, upstream: a }]\n\
        upstreams: { a: { url: http://127.0.0.1:1/mcp } }\n";
    let files = Documents::generate("cloudflare", hostless);
    assert_eq!(
        files.lost(),
        ["listeners[0].address", "upstreams.a.urls", "routes[].host"]
    );
    assert!(!files.gaps().contains(&"session-scattered"));
}
