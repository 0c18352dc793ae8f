//! Envoy: the newest, on one envoy.yaml.

use std::path::Path;
use std::process::Command;

use crate::product::{Edit, Product, edited};
use crate::stand::peers;

const NO_TLS: &str = "the simple description's listener speaks plain HTTP";

pub(crate) const PRODUCT: Product = Product {
    name: "envoy",
    target: "envoy",
    arguments: &[],
    validate: Some(|folder| command(folder, &["--mode", "validate"])),
    // Several of them on one machine would share memory for a hot restart.
    run: |folder| command(folder, &["--use-dynamic-base-id", "--log-level", "warning"]),
    unseen: &[
        (
            "body-limit-small",
            "the check's own large body has a length",
        ),
        ("drain-cuts-streams", "nothing ends while the check runs"),
        (
            "sse-keepalive-missing",
            "the probe sends comments of its own",
        ),
    ],
    breaks: BREAKS,
    unbroken: &[
        (
            "cors-headers-hidden",
            "the simple description lets in no pages but its own",
        ),
        (
            "health-on-endpoint",
            "the simple description has no health checks",
        ),
        (
            "rate-limit-shape",
            "the limit of streams is beyond what the check opens",
        ),
        ("tls-certificate", NO_TLS),
        ("tls-old-version", NO_TLS),
    ],
    cut_streams_max: 0,
};

const BREAKS: &[crate::product::Break] = &[
    edited(
        "auth-metadata-unreachable",
        &[Edit::Marked("/.well-known/", "/.unknown/")],
    ),
    edited("dead-session-status", &[Edit::Marked("404", "503")]),
    edited(
        "endpoint-unrouted",
        &[
            Edit::Marked("\"/mcp/?\"", "\"/mcp\""),
            Edit::Marked("prefix: \"/mcp/\"", "prefix: \"/mcp/never/\""),
            Edit::Anywhere("match: { path: \"/health\" }", "match: { prefix: / }"),
        ],
    ),
    edited(
        "forwarded-spoofable",
        &[Edit::Marked("- remove: ", "- remove: never-")],
    ),
    edited(
        "header-limit-small",
        &[Edit::Marked(
            "max_request_headers_kb: 96",
            "max_request_headers_kb: 8",
        )],
    ),
    edited("health-missing", &[Edit::Marked("200", "404")]),
    edited(
        "http2-stream-limit",
        &[Edit::Marked("max_requests: 65536", "max_requests: 20")],
    ),
    edited("idle-timeout-short", &[Edit::Marked("3600s", "3s")]).waiting(),
    edited("keepalive-race", &[Edit::Marked("4s", "60s")]).waiting(),
    edited(
        "origin-unchecked",
        &[Edit::Marked("{ any: true }", "{ not_rule: { any: true } }")],
    ),
    edited(
        "param-headers-lost",
        &[Edit::Marked("ALLOW", "DROP_HEADER")],
    ),
    edited(
        "redirect-drops-body",
        &[Edit::Anywhere(
            "- match: { safe_regex: { regex: \"/mcp/?\" } }",
            "- { match: { path: /mcp/ }, redirect: { path_redirect: /mcp } }\n                        - match: { safe_regex: { regex: \"/mcp/?\" } }",
        )],
    ),
    edited(
        "request-replayed",
        &[Edit::Marked("connect-failure", "connect-failure,reset,5xx")],
    ),
    edited("response-timeout-short", &[Edit::Marked("3600s", "3s")]).waiting(),
    edited("session-resumed-elsewhere", UNTAGGED),
    edited("session-scattered", UNTAGGED),
];

/// The tag is taken off the id, and never known again.
const UNTAGGED: &[Edit] = &[Edit::Marked("^([a-z]+)~", "^(never)~")];

/// Envoy as the first lines of the file say it is run.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = peers().command("envoy");
    command
        .current_dir(folder)
        .args(["-c", "envoy.yaml"])
        .args(arguments);
    command
}
