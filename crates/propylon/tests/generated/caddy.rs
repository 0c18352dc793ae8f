//! Caddy: the newest, on one Caddyfile.

use std::path::Path;
use std::process::Command;

use crate::product::{Edit, Product, dropped, edited};
use crate::stand::peers;

const NO_TLS: &str = "the simple description's listener speaks plain HTTP";

pub(crate) const PRODUCT: Product = Product {
    name: "caddy",
    target: "caddy",
    arguments: &[],
    validate: Some(|folder| command(folder, "validate")),
    run: |folder| command(folder, "run"),
    unseen: &[(
        "sse-keepalive-missing",
        "the probe sends comments of its own",
    )],
    breaks: BREAKS,
    unbroken: &[
        (
            "body-altered",
            "the probe compresses nothing that it is asked to",
        ),
        (
            "cors-headers-hidden",
            "the simple description lets in no pages but its own",
        ),
        (
            "health-on-endpoint",
            "the simple description has no health checks",
        ),
        (
            "slow-reader-starves-others",
            "a reader that stops fills its own buffer only, with and without a limit on its time",
        ),
        ("tls-certificate", NO_TLS),
        ("tls-old-version", NO_TLS),
    ],
    cut_streams_max: 0,
};

const BREAKS: &[crate::product::Break] = &[
    edited(
        "auth-metadata-unreachable",
        &[Edit::Anywhere("/.well-known/", "/.unknown/")],
    ),
    edited("body-limit-small", &[Edit::Marked("67108864", "1048576")]),
    edited(
        "dead-session-status",
        &[Edit::Marked("connection.refused", "never")],
    ),
    edited(
        "endpoint-unrouted",
        &[
            Edit::Marked("path /mcp /mcp/*", "path /mcp"),
            Edit::Marked("respond 404", "respond 200"),
        ],
    ),
    dropped("forwarded-spoofable"),
    edited("header-limit-small", &[Edit::Marked("98304", "8192")]),
    dropped("health-missing"),
    edited(
        "host-rewritten",
        &[Edit::Anywhere(
            "header_up -Forwarded",
            "header_up Host {upstream_hostport}\n\theader_up -X-Forwarded-Host\n\theader_up -Forwarded",
        )],
    ),
    edited("idle-timeout-short", &[Edit::Marked("1h", "3s")]).waiting(),
    edited("keepalive-race", &[Edit::Marked("4s", "60s")]).waiting(),
    dropped("origin-unchecked"),
    edited(
        "redirect-drops-body",
        &[Edit::Anywhere(
            "handle @endpoint {",
            "redir /mcp/ /mcp 301\n\t\t\thandle @endpoint {",
        )],
    ),
    edited(
        "request-replayed",
        &[
            Edit::Marked("NONE", "POST"),
            Edit::Anywhere(
                "lb_policy round_robin",
                "lb_policy round_robin\n\t\trequest_buffers 1MiB",
            ),
        ],
    ),
    edited("response-timeout-short", &[Edit::Marked("10m", "3s")]).waiting(),
    edited("session-resumed-elsewhere", UNTAGGED),
    edited("session-scattered", UNTAGGED),
    edited(
        "sse-compressed",
        &[Edit::Anywhere(
            "request_body {",
            "encode gzip\n\t\t\trequest_body {",
        )],
    ),
];

/// Ids cross as the server made them, and nothing knows whose they are.
const UNTAGGED: &[Edit] = &[Edit::Marked("Mcp-Session-Id ^", "Mcp-Session-Id ^never")];

/// Caddy as the first lines of the file say it is run.
fn command(folder: &Path, verb: &str) -> Command {
    let mut command = peers().command("caddy");
    command
        .current_dir(folder)
        .args([verb, "--config", "Caddyfile"]);
    command
}
