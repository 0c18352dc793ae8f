//! nginx.conf: the frame in which mcp.conf runs, with everything nginx writes inside its own folder.

use propylon_config::{Deployment, Level};

use super::TARGET;
use super::word::time;
use crate::emission::Emission;
use crate::text::Text;

/// The folders nginx keeps bodies in that do not fit into its buffers.
const TEMPORARY: &[&str] = &["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
/// Connections of a worker besides those of clients and instances: listeners, and what nginx uses itself.
const OWN_CONNECTIONS: usize = 64;

/// The text of nginx.conf.
pub(super) fn write(deployment: &Deployment, emission: &Emission) -> String {
    let mut text = Text::new("#", "    ");
    text.opening(&TARGET, emission);
    text.blank();
    text.line("pid nginx.pid;");
    text.line(format!("error_log stderr {};", level(deployment.log.level)));
    let workers = deployment
        .workers
        .map_or_else(|| "auto".to_owned(), |count| count.to_string());
    text.line(format!("worker_processes {workers};"));
    let connections = connections(deployment);
    text.held(
        format!("worker_rlimit_nofile {};", connections + OWN_CONNECTIONS),
        &["http2-stream-limit"],
    );
    text.why("Without this an old worker waits for its last stream for ever.");
    text.held(
        format!("worker_shutdown_timeout {};", time(deployment.drain)),
        &["drain-cuts-streams"],
    );
    text.blank();
    text.block("events {", "}", |text| {
        text.why("Each exchange takes two: the client's and the instance's.");
        text.held(
            format!("worker_connections {connections};"),
            &["http2-stream-limit"],
        );
    });
    text.blank();
    text.block("http {", "}", |text| {
        for name in TEMPORARY {
            text.line(format!("{name}_temp_path temp_{name};"));
        }
        text.line("include mcp.conf;");
    });
    text.finish()
}

/// How many connections one worker may have.
fn connections(deployment: &Deployment) -> usize {
    let workers = deployment.workers.map_or(1, std::num::NonZeroUsize::get);
    (2 * deployment.limits.connections).div_ceil(workers) + OWN_CONNECTIONS
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "notice",
        // nginx's own `debug` writes every header, and needs a build of its own.
        Level::Debug | Level::Trace => "info",
    }
}
