//! Traefik: the newest, on traefik.yml and dynamic.yml.

use std::path::Path;
use std::process::Command;

use crate::product::{Edit, Product, edited};
use crate::stand::peers;

const NO_TLS: &str = "the simple description's listener speaks plain HTTP";
const BEYOND: &str = "the limit of streams is beyond what the check opens";

pub(crate) const PRODUCT: Product = Product {
    name: "traefik",
    target: "traefik",
    arguments: &[],
    validate: None,
    run: command,
    unseen: &[
        ("body-limit-small", "the check sends nothing over a limit"),
        (
            "forwarded-spoofable",
            "only behind a trusted proxy, which the check is not",
        ),
        ("rate-limit-shape", BEYOND),
        (
            "sse-altered",
            "the check asks for no stream with a large request",
        ),
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
            "dead-session-status",
            "all of the check's sessions are on one instance, as its address chooses",
        ),
        (
            "health-on-endpoint",
            "the simple description has no health checks",
        ),
        (
            "redirect-drops-body",
            "Traefik's own redirects keep the method and the body",
        ),
        ("tls-certificate", NO_TLS),
        ("tls-old-version", NO_TLS),
        ("unbounded-streams", BEYOND),
    ],
    cut_streams_max: 0,
};

const BREAKS: &[crate::product::Break] = &[
    edited(
        "auth-metadata-unreachable",
        &[Edit::Marked("/.well-known/", "/.unknown/")],
    ),
    edited(
        "endpoint-unrouted",
        &[
            Edit::Marked(" || Path(`/mcp/`)", ""),
            Edit::Marked("PathPrefix(`/mcp/`)", "PathPrefix(`/mcp/never/`)"),
            Edit::Anywhere("rule: \"Path(`/health`)\"", "rule: \"PathPrefix(`/`)\""),
        ],
    ),
    edited(
        "forwarded-spoofable",
        &[Edit::Marked(" Forwarded: \"\"", " X-Never: \"\"")],
    ),
    edited("header-limit-small", &[Edit::Marked("98304", "8192")]),
    edited("health-missing", &[Edit::Marked("/health", "/never")]),
    edited(
        "host-rewritten",
        &[
            Edit::Marked("true", "false"),
            Edit::Anywhere(
                "{ Forwarded: \"\"",
                "{ X-Forwarded-Host: \"\", Forwarded: \"\"",
            ),
        ],
    ),
    edited("http2-stream-limit", &[Edit::Marked("1024", "20")]),
    edited("idle-timeout-short", &[Edit::Marked("0s", "3s")]).waiting(),
    edited("keepalive-race", &[Edit::Marked("4s", "60s")]).waiting(),
    edited(
        "origin-unchecked",
        &[Edit::Marked("255.255.255.255/32", "0.0.0.0/0")],
    ),
    edited("param-headers-lost", &[Edit::Marked("keep", "delete")]),
    edited("request-replayed", &[Edit::Marked("1000", "500-599")]),
    edited("response-timeout-short", &[Edit::Marked("10m", "3s")]).waiting(),
];

/// Traefik as the first lines of the files say it is run.
fn command(folder: &Path) -> Command {
    let mut command = peers().command("traefik");
    command.current_dir(folder).arg("--configFile=traefik.yml");
    command
}
