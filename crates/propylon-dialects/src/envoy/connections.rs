//! The connection manager: what is taken from clients, what is believed of it, and the filters on its way.

use propylon_config::{Deployment, Listener};

use super::word::{kind, signs_of_life, silence, time};
use super::{filters, log, replies, site};
use crate::text::Text;

/// The most streams of a connection that Envoy takes.
const STREAMS_MAX: u32 = 0x7fff_ffff;

/// Whose connections a manager is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Anybody: what it says of itself does not count.
    Stranger,
    /// A proxy that the description trusts.
    Trusted,
}

/// What can be spelled so that some servers read it as a header that a proxy writes.
const FORGEABLE: &[&str] = &[
    "forwarded",
    "x-real-ip",
    "x_forwarded_for",
    "x_forwarded_host",
    "x_forwarded_proto",
    "x_real_ip",
];

/// Those that a trusted proxy writes.
const OF_PROXIES: &[&str] = &["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/// Which of the parts that several managers have stand in the file already, to be repeated by name.
#[derive(Debug, Default)]
pub(super) struct Shared {
    written: Vec<&'static str>,
}

impl Sender {
    /// The name of the chain.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Sender::Stranger => "anybody",
            Sender::Trusted => "trusted",
        }
    }
}

/// The one filter of a chain.
pub(super) fn write(
    deployment: &Deployment,
    listener: &Listener,
    sender: Sender,
    shared: &mut Shared,
    text: &mut Text,
) {
    text.line("- name: envoy.filters.network.http_connection_manager");
    text.deeper(|text| {
        text.line("typed_config:");
        text.deeper(|text| {
            text.line(kind(
                "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            ));
            text.line("stat_prefix: mcp");
            requests(deployment, text);
            senders(sender, text);
            shared.part("access_log", "log", text, |text| {
                log::write(deployment, text)
            });
            shared.part("http_filters", "filters", text, |text| {
                filters::write(deployment, text);
            });
            shared.part("local_reply_config", "replies", text, replies::write);
            match listener.redirect {
                None => shared.part("route_config", "routes", text, |text| {
                    site::write(deployment, text);
                }),
                Some(redirect) => elsewhere(redirect.port, text),
            }
        });
    });
}

/// Sends everybody to the same place over https.
fn elsewhere(port: u16, text: &mut Text) {
    text.line("route_config:");
    text.deeper(|text| {
        text.line("virtual_hosts:");
        text.deeper(|text| {
            text.line("- name: elsewhere");
            text.deeper(|text| {
                text.line("domains: [\"*\"]");
                text.line("routes:");
                text.deeper(|text| {
                    text.line("- match: { prefix: / }");
                    text.deeper(|text| {
                        text.held(
                            format!("redirect: {{ https_redirect: true, port_redirect: {port}, response_code: PERMANENT_REDIRECT }}"),
                            &["redirect-drops-body"],
                        );
                    });
                });
            });
        });
    });
}

/// What is taken from clients, and how long is waited for it.
fn requests(deployment: &Deployment, text: &mut Text) {
    let (limits, timeouts) = (&deployment.limits, &deployment.timeouts);
    text.line("generate_request_id: false");
    text.line("server_header_transformation: PASS_THROUGH");
    text.why("A stream that no route has taken yet; each route has its own.");
    let silences = deployment.upstreams.values().map(silence);
    let longest = silences.max().unwrap_or_default();
    text.held(
        format!("stream_idle_timeout: {}", time(longest)),
        &["idle-timeout-short", "response-timeout-short"],
    );
    text.line(format!(
        "request_headers_timeout: {}",
        time(timeouts.header_read)
    ));
    text.held(
        format!(
            "max_request_headers_kb: {}",
            limits.header_bytes.div_ceil(1024).min(8192)
        ),
        &["header-limit-small"],
    );
    let streams = limits.streams_per_connection.min(STREAMS_MAX);
    let alive = signs_of_life(timeouts.ping);
    text.line(format!(
        "http2_protocol_options: {{ max_concurrent_streams: {streams}, {alive} }}"
    ));
    text.line("common_http_protocol_options:");
    text.deeper(|text| {
        text.held(
            format!("idle_timeout: {}", time(timeouts.keep_alive)),
            &["idle-timeout-order"],
        );
        text.held(
            format!("max_headers_count: {}", limits.header_count),
            &["header-limit-small"],
        );
        text.held(
            "headers_with_underscores_action: ALLOW",
            &["param-headers-lost"],
        );
    });
}

/// What is believed of what a client says of itself.
fn senders(sender: Sender, text: &mut Text) {
    let spoofable = &["forwarded-spoofable"];
    text.held("use_remote_address: true", spoofable);
    if sender == Sender::Trusted {
        text.held("xff_num_trusted_hops: 1", spoofable);
    }
    text.line("early_header_mutation_extensions:");
    text.deeper(|text| {
        text.line("- name: envoy.http.early_header_mutation.header_mutation");
        text.deeper(|text| {
            text.line("typed_config:");
            text.deeper(|text| {
                text.line(kind(
                    "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                ));
                text.line("mutations:");
                text.deeper(|text| {
                    text.why("A client's own x-envoy-retry-on would be obeyed.");
                    text.held(
                        "- remove_on_match: { key_matcher: { prefix: x-envoy- } }",
                        &["request-replayed"],
                    );
                    let theirs: &[&str] = if sender == Sender::Trusted {
                        &[]
                    } else {
                        OF_PROXIES
                    };
                    for name in FORGEABLE.iter().chain(theirs) {
                        text.held(format!("- remove: {name}"), spoofable);
                    }
                });
            });
        });
    });
}

impl Shared {
    /// A part that several managers have: written out at the first, and given a name there.
    fn part(
        &mut self,
        key: &str,
        name: &'static str,
        text: &mut Text,
        inside: impl FnOnce(&mut Text),
    ) {
        if self.written.contains(&name) {
            return text.line(format!("{key}: *{name}"));
        }
        self.written.push(name);
        text.line(format!("{key}: &{name}"));
        text.deeper(inside);
    }
}
