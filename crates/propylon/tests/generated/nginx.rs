//! nginx: the newest, and Debian's 1.22 on what is written for it.

use std::path::Path;
use std::process::Command;

use crate::product::{Break, Edit, Product, dropped, edited};
use crate::stand::peers;

pub(crate) const PRODUCT: Product = Product {
    name: "nginx",
    target: "nginx",
    arguments: &[],
    validate: Some(|folder| command("nginx", folder, &["-t"])),
    run: |folder| command("nginx", folder, &["-g", "daemon off;"]),
    unseen: &[
        ("affinity-unbounded", "the table is inside"),
        ("log-credentials", "logs are inside"),
        (
            "reload-forgets-sessions",
            "nothing reloads while the check runs",
        ),
        (
            "sse-keepalive-missing",
            "the probe sends comments of its own",
        ),
    ],
    breaks: BREAKS,
    unbroken: UNBROKEN,
    cut_streams_max: 0,
};

pub(crate) const DEBIAN: Product = Product {
    name: "nginx-debian",
    arguments: &["--nginx-version", "1.22.1"],
    validate: Some(|folder| command("nginx-debian", folder, &["-t"])),
    run: |folder| command("nginx-debian", folder, &["-g", "daemon off;"]),
    ..PRODUCT
};

const BREAKS: &[Break] = &[
    edited(
        "auth-metadata-unreachable",
        &[Edit::Marked("proxy_pass", "return 404; #")],
    ),
    edited("body-limit-small", &[Edit::Marked("64m", "1m")]),
    edited(
        "dead-session-status",
        &[Edit::Anywhere(
            "proxy_next_upstream error;",
            "proxy_next_upstream off;",
        )],
    ),
    edited("disconnect-not-propagated", &[Edit::Marked("off;", "on;")]),
    edited(
        "endpoint-unrouted",
        &[
            Edit::Anywhere("return 404;", "return 200;"),
            Edit::Anywhere("location = /mcp/ {", "location = /mcp/never {"),
            Edit::Anywhere("location /mcp/ {", "location /mcp/never/ {"),
        ],
    ),
    edited(
        "error-body-replaced",
        &[Edit::Marked(
            "off;",
            "on; error_page 400 404 500 503 =500 /health;",
        )],
    ),
    edited(
        "forwarded-spoofable",
        &[Edit::Marked(
            "X-Forwarded-For $remote_addr",
            "X-Forwarded-For $proxy_add_x_forwarded_for",
        )],
    ),
    dropped("header-limit-small"),
    edited("health-missing", &[Edit::Marked("200", "404")]),
    edited(
        "host-rewritten",
        &[
            Edit::Anywhere("set $mcp_host $http_host;", "set $mcp_host $host;"),
            Edit::Anywhere("X-Forwarded-Host $http_host", "X-Forwarded-Host $host"),
        ],
    ),
    edited(
        "http2-stream-limit",
        &[Edit::Marked(
            "worker_connections 131136;",
            "worker_connections 80;",
        )],
    ),
    edited("idle-timeout-short", &[Edit::Marked("1h", "3s")]).waiting(),
    edited(
        "keepalive-race",
        &[Edit::Marked(
            "keepalive_timeout 4s",
            "keepalive_timeout 60s",
        )],
    )
    .waiting(),
    edited(
        "origin-unchecked",
        &[Edit::Marked("default 1;", "default 0;")],
    ),
    dropped("param-headers-lost"),
    edited("passive-ejection", &[Edit::Marked(" max_fails=0", "")]),
    edited(
        "redirect-drops-body",
        &[Edit::Anywhere(
            "location = /mcp/ {",
            "location = /mcp/ { return 301 /mcp;",
        )],
    ),
    edited(
        "request-replayed",
        &[Edit::Marked("error;", "error non_idempotent;")],
    ),
    edited("response-timeout-short", &[Edit::Marked("1h", "3s")]).waiting(),
    dropped("session-resumed-elsewhere"),
    dropped("session-scattered"),
    edited(
        "sse-compressed",
        &[Edit::Marked(
            "gzip off;",
            "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1; gzip_http_version 1.0;",
        )],
    ),
    edited("sse-head-withheld", &[Edit::Marked("off;", "on;")]),
    edited("upstream-loss-hidden", &[Edit::Marked("1.1", "1.0")]),
];

const UNBROKEN: &[(&str, &str)] = &[
    (
        "cors-headers-hidden",
        "the simple description lets in no pages but its own",
    ),
    (
        "rate-limit-shape",
        "the limit of streams is beyond what the check opens",
    ),
    (
        "slow-reader-starves-others",
        "a buffering nginx bounds what it keeps as well, in files",
    ),
    (
        "sse-buffered",
        "with HTTP/1.1 to the instance a buffering nginx passes events on; their head waits",
    ),
    ("sse-cached", "nothing above sets a cache up"),
    (
        "tls-certificate",
        "the simple description's listener speaks plain HTTP",
    ),
    (
        "tls-old-version",
        "the simple description's listener speaks plain HTTP",
    ),
    (
        "unbounded-streams",
        "the limit of streams is beyond what the check opens",
    ),
];

/// nginx as the first lines of the file say it is run.
fn command(peer: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = peers().command(peer);
    command.current_dir(folder);
    command
        .args(["-p", ".", "-c", "nginx.conf"])
        .args(arguments);
    command
}
