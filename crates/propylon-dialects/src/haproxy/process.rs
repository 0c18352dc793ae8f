//! What concerns the whole process: its limits and buffers, its log, DNS, and the table it hands over on a reload.

use std::time::Duration;

use propylon_config::{AccessLog, Deployment, Endpoints, LogFormat};

use super::word::time;
use crate::text::Text;

/// HAProxy's own room in a buffer, for headers it adds.
const REWRITE_BYTES: u64 = 1024;
/// The most headers HAProxy can be told to take.
const HEADERS_MAX: usize = 32_767;

/// The `global`, `peers`, `resolvers` and `defaults` sections.
pub(super) fn write(deployment: &Deployment, text: &mut Text) {
    let limits = &deployment.limits;
    text.line("global");
    text.deeper(|text| {
        text.why("Where the system allows fewer open files, fewer connections are taken.");
        text.line("no strict-limits");
        text.held(
            format!("maxconn {}", limits.connections),
            &["http2-stream-limit"],
        );
        if let Some(workers) = deployment.workers {
            text.line(format!("nbthread {workers}"));
        }
        text.held(
            format!("hard-stop-after {}", time(deployment.drain)),
            &["drain-cuts-streams"],
        );
        text.why("Request line and headers must fit into one buffer.");
        let buffer = limits.header_bytes.saturating_add(REWRITE_BYTES);
        text.held(format!("tune.bufsize {buffer}"), &["header-limit-small"]);
        let headers = limits.header_count.min(HEADERS_MAX);
        text.held(
            format!("tune.http.maxhdr {headers}"),
            &["header-limit-small"],
        );
        text.why("A new process takes the sessions over from the one it replaces.");
        text.held("localpeer propylon", &["reload-forgets-sessions"]);
        if deployment.log.access == AccessLog::Stdout {
            text.line("log stdout format raw local0");
        }
    });
    text.blank();
    text.line("peers sessions");
    text.deeper(|text| {
        text.held(
            "peer propylon unix@haproxy-peers.sock",
            &["reload-forgets-sessions"],
        );
    });
    resolvers(deployment, text);
    text.blank();
    defaults(deployment, text);
}

fn resolvers(deployment: &Deployment, text: &mut Text) {
    let discovers = |endpoints: &Endpoints| matches!(endpoints, Endpoints::Discover { .. });
    if !deployment
        .upstreams
        .values()
        .any(|upstream| discovers(&upstream.endpoints))
    {
        return;
    }
    text.blank();
    text.line("resolvers dns");
    text.deeper(|text| {
        if deployment.resolver_servers.is_empty() {
            text.line("parse-resolv-conf");
        }
        for (index, server) in deployment.resolver_servers.iter().enumerate() {
            text.line(format!("nameserver dns{index} {server}"));
        }
        text.line("accepted_payload_size 8192");
        text.line("hold valid 5s");
    });
}

fn defaults(deployment: &Deployment, text: &mut Text) {
    let timeouts = &deployment.timeouts;
    text.line("defaults");
    text.deeper(|text| {
        text.line("mode http");
        log(deployment, text);
        text.why("Without it each event waits about 200 ms for more, to fill a packet.");
        text.held(
            "option http-no-delay",
            &["sse-buffered", "sse-head-withheld"],
        );
        text.why("Without it a client that leaves a quiet stream is not noticed.");
        text.held("option abortonclose", &["disconnect-not-propagated"]);
        text.why("A kept connection to an instance cannot be closed before the instance does.");
        text.held("option http-server-close", &["keepalive-race"]);
        text.held(
            "option http-restrict-req-hdr-names preserve",
            &["param-headers-lost"],
        );
        let silence = time(longest_silence(deployment));
        let both = &["response-timeout-short", "idle-timeout-short"];
        text.held(format!("timeout client {silence}"), both);
        text.held(format!("timeout server {silence}"), both);
        text.held("timeout connect 5s", &["connect-timeout-long"]);
        text.line(format!(
            "timeout http-request {}",
            time(timeouts.header_read)
        ));
        text.held(
            format!("timeout http-keep-alive {}", time(timeouts.keep_alive)),
            &["idle-timeout-order"],
        );
    });
}

/// How long either side of an exchange may be silent, over all upstreams: the client's side cannot tell them apart.
fn longest_silence(deployment: &Deployment) -> Duration {
    let silences = deployment.upstreams.values().map(|upstream| {
        let timeouts = &upstream.timeouts;
        timeouts.response_head.max(timeouts.idle)
    });
    silences.max().unwrap_or(Duration::from_secs(3600))
}

fn log(deployment: &Deployment, text: &mut Text) {
    if deployment.log.access != AccessLog::Stdout {
        return;
    }
    text.line("log global");
    text.why("The path without its query, and of a session the beginning of its hash.");
    let format = match deployment.log.format {
        LogFormat::Json => concat!(
            "log-format '{\"time\":\"%tr\",\"client\":\"%[var(txn.client)]\",\"method\":\"%HM\",\"path\":\"%{+E}HP\",",
            "\"status\":%ST,\"bytes\":%B,\"ms\":%Ta,\"instance\":\"%b/%s\",\"session\":\"%[var(txn.session)]\"}'"
        ),
        LogFormat::Pretty => {
            "log-format '%tr %[var(txn.client)] %HM %HP %ST %B %Ta ms %b/%s %[var(txn.session)]'"
        }
    };
    text.held(
        format,
        &["log-credentials", "log-payload", "log-session-id"],
    );
}
