//! The instances of one upstream, and how sessions stick to them.

use propylon_config::{Discovery, Endpoints, HostHeader, Scheme, Upstream, UpstreamUrl};

use super::word::{quoted, time};
use crate::text::Text;
use crate::way::{instances, is_sticky};

/// Instances that discovery may find.
const SLOTS: usize = 32;
/// The longest session id that is told apart from others.
const ID_BYTES: usize = 256;

/// The `backend` section of an upstream.
pub(super) fn write(upstream: &Upstream, text: &mut Text) {
    text.line(format!("backend {}", upstream.name));
    text.deeper(|text| {
        text.line("balance roundrobin");
        let timeouts = &upstream.timeouts;
        text.held(
            format!("timeout connect {}", time(timeouts.connect)),
            &["connect-timeout-long"],
        );
        text.held(
            format!(
                "timeout server {}",
                time(timeouts.response_head.max(timeouts.idle))
            ),
            &["response-timeout-short", "idle-timeout-short"],
        );
        if is_sticky(upstream) {
            stick(upstream, text);
        }
        text.why("Another instance only where the connection failed and nothing was sent.");
        text.held("option redispatch 1", &["dead-session-status"]);
        text.held("retries 2", &["dead-session-status"]);
        text.held("retry-on conn-failure", &["request-replayed"]);
        check(upstream, text);
        host(upstream, text);
        servers(upstream, text);
    });
}

/// The tables that count streams.
pub(super) fn write_own(text: &mut Text) {
    for (name, kind) in [
        ("streams_of_client", "type ipv6 size 100k"),
        ("streams_of_all", "type integer size 1"),
    ] {
        text.line(format!("backend {name}"));
        text.deeper(|text| {
            text.line(format!("stick-table {kind} expire 1h store conn_cur"));
        });
    }
}

/// Whether servers are called by their `Host`, which can then be sent to each: those that have different ones.
pub(super) fn is_named_by_host(upstream: &Upstream) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    upstream.host == HostHeader::Upstream
        && instances(upstream).len() > 1
        && instances(upstream)
            .iter()
            .all(|instance| instance.url.authority().bytes().all(fits))
}

fn stick(upstream: &Upstream, text: &mut Text) {
    let affinity = &upstream.affinity;
    text.held(
        format!(
            "stick-table type string len {ID_BYTES} size {} expire {} peers sessions",
            affinity.entries_max,
            time(affinity.ttl)
        ),
        &["affinity-unbounded", "reload-forgets-sessions"],
    );
    text.why("The id is learned from the answer that makes it: `initialize` has none to hash.");
    let sticky = &["session-scattered", "session-resumed-elsewhere"];
    text.held("stick match req.hdr(Mcp-Session-Id)", sticky);
    text.held("stick store-response res.hdr(Mcp-Session-Id)", sticky);
}

fn check(upstream: &Upstream, text: &mut Text) {
    let Some(health) = &upstream.health else {
        return;
    };
    text.held(
        format!("option httpchk GET {}", quoted(&health.path)),
        &["health-on-endpoint"],
    );
    text.line(format!("timeout check {}", time(health.timeout)));
    text.line(format!(
        "default-server check inter {} fall {} rise {}",
        time(health.interval),
        health.fall,
        health.rise
    ));
}

/// `Host` where it is not the client's; the name of a server is its own `Host` where they have different ones.
fn host(upstream: &Upstream, text: &mut Text) {
    let fixed = match &upstream.host {
        HostHeader::Keep => return,
        HostHeader::Fixed(host) => Some(host.clone()),
        HostHeader::Upstream if is_named_by_host(upstream) => None,
        HostHeader::Upstream => instances(upstream)
            .first()
            .map(|instance| instance.url.authority()),
    };
    match fixed {
        Some(host) => text.line(format!("http-request set-header Host {}", quoted(&host))),
        None => text.line("http-send-name-header Host"),
    }
}

fn servers(upstream: &Upstream, text: &mut Text) {
    match &upstream.endpoints {
        Endpoints::Urls(_) => {
            for instance in instances(upstream) {
                let name = if is_named_by_host(upstream) {
                    instance.url.authority()
                } else {
                    instance.tag
                };
                let tls = tls(upstream, instance.url);
                server(
                    &format!("server {name} {}{tls}", address(instance.url)),
                    text,
                );
            }
        }
        Endpoints::Discover { url, by } => {
            let found = match by {
                Discovery::Dns => address(url),
                Discovery::Srv => url.host.to_string(),
            };
            let tls = tls(upstream, url);
            server(
                &format!("server-template a {SLOTS} {found}{tls} resolvers dns init-addr none"),
                text,
            );
        }
    }
}

fn server(line: &str, text: &mut Text) {
    if line.contains(" ssl ") {
        text.held(line, &["tls-upstream-unverified"]);
    } else {
        text.line(line);
    }
}

fn tls(upstream: &Upstream, url: &UpstreamUrl) -> String {
    if url.scheme == Scheme::Http {
        return String::new();
    }
    let own = &upstream.tls;
    let roots = own.ca.as_ref().map(|ca| quoted(&ca.to_string_lossy()));
    let roots = roots.as_deref().unwrap_or("@system-ca");
    let host = url.host.to_string();
    let name = own.server_name.as_deref().unwrap_or(&host);
    let shown = own.client.as_ref().map_or_else(String::new, |files| {
        format!(" crt {}", quoted(&files.certificate.to_string_lossy()))
    });
    let lists = own.crl.as_ref().map_or_else(String::new, |lists| {
        format!(" crl-file {}", quoted(&lists.to_string_lossy()))
    });
    format!(" ssl verify required ca-file {roots}{lists} sni str({name}) verifyhost {name}{shown}")
}

fn address(url: &UpstreamUrl) -> String {
    format!("{}:{}", url.host, url.port)
}
