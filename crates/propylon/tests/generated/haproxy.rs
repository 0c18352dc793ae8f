//! HAProxy 2.6, as Debian has it.

use std::path::Path;
use std::process::Command;

use crate::product::{Edit, Product, dropped, edited};
use crate::stand::peers;

pub(crate) const PRODUCT: Product = Product {
    name: "haproxy",
    target: "haproxy",
    arguments: &[],
    validate: Some(|folder| command(folder, "-c")),
    run: |folder| command(folder, "-db"),
    unseen: &[
        ("affinity-unbounded", "the table is inside"),
        (
            "body-limit-small",
            "the check's own large body has a length",
        ),
        (
            "reload-forgets-sessions",
            "nothing reloads while the check runs",
        ),
        (
            "sse-keepalive-missing",
            "the probe sends comments of its own",
        ),
    ],
    breaks: &[
        edited(
            "auth-metadata-unreachable",
            &[Edit::Marked("/.well-known/", "/.unknown/")],
        ),
        dropped("disconnect-not-propagated"),
        edited(
            "dead-session-status",
            &[
                Edit::Drop,
                Edit::Anywhere("balance roundrobin", "retries 0\n    balance roundrobin"),
            ],
        ),
        edited(
            "endpoint-unrouted",
            &[
                Edit::Marked("return status 404", "return status 200"),
                Edit::Marked("path,concat(/) -m beg /mcp/", "path /mcp"),
            ],
        ),
        edited(
            "forwarded-spoofable",
            &[Edit::Marked(
                "set-header X-Forwarded-For",
                "add-header X-Forwarded-For",
            )],
        ),
        dropped("header-limit-small"),
        dropped("health-missing"),
        edited(
            "http2-stream-limit",
            &[Edit::Marked("maxconn 65536", "maxconn 60")],
        ),
        edited("idle-timeout-short", &[Edit::Marked("1h", "3s")]).waiting(),
        edited("response-timeout-short", &[Edit::Marked("1h", "3s")]).waiting(),
        dropped("origin-unchecked"),
        edited(
            "request-replayed",
            &[Edit::Marked("conn-failure", "conn-failure empty-response")],
        ),
        dropped("session-resumed-elsewhere"),
        dropped("session-scattered"),
        dropped("sse-buffered"),
        edited("upstream-loss-hidden", &[Edit::Marked(" proto h1", "")]),
    ],
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
            "keepalive-race",
            "the check's servers keep connections for longer than HAProxy idles between its requests",
        ),
        (
            "param-headers-lost",
            "`preserve` is HAProxy's default, and the line makes sure of it",
        ),
        (
            "rate-limit-shape",
            "the limit of streams is beyond what the check opens",
        ),
        ("redirect-drops-body", "the probe redirects nothing"),
        (
            "sse-head-withheld",
            "the line that it shares with sse-buffered is worth 200 ms, which the check allows a head",
        ),
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
    ],
    cut_streams_max: 0,
};

/// HAProxy as the first lines of the file say it is run.
fn command(folder: &Path, mode: &str) -> Command {
    let mut command = peers().command("haproxy");
    command
        .current_dir(folder)
        .args([mode, "-f", "haproxy.cfg"]);
    command
}
