//! The instances of one upstream, and how sessions stick to them.

use propylon_config::{Deployment, Discovery, Endpoints, Upstream, UpstreamUrl};

use super::abilities::{Abilities, Stickiness};
use super::word::{escaped, time, variable};
use crate::text::Text;
use crate::way::{Instance, instances};

/// Sessions that a mebibyte of nginx's zone holds, about.
const SESSIONS_PER_MIB: u64 = 4_000;

/// The `upstream` block, and with tags those of each instance and their maps.
pub(super) fn write(
    deployment: &Deployment,
    upstream: &Upstream,
    abilities: Abilities,
    text: &mut Text,
) {
    let stickiness = abilities.stickiness(upstream);
    let name = &upstream.name;
    text.block(&format!("upstream {name} {{"), "}", |text| {
        text.line(format!("zone {name} 1m;"));
        servers(deployment, upstream, abilities, text);
        if stickiness == Stickiness::Learned {
            learn(upstream, text);
        }
        keep(upstream, text);
    });
    if stickiness == Stickiness::Tagged {
        tags(deployment, upstream, text);
    }
}

fn servers(deployment: &Deployment, upstream: &Upstream, abilities: Abilities, text: &mut Text) {
    text.why("A tool call that fails says nothing of its instance, and takes no sessions away.");
    match &upstream.endpoints {
        Endpoints::Urls(urls) => {
            for url in urls {
                server(&address(url), "", text);
            }
        }
        Endpoints::Discover { url, by } => {
            let asks = abilities.resolves && !deployment.resolver_servers.is_empty();
            if asks {
                let servers = deployment.resolver_servers.iter().map(ToString::to_string);
                text.line(format!(
                    "resolver {};",
                    servers.collect::<Vec<_>>().join(" ")
                ));
            }
            match by {
                Discovery::Dns if asks => server(&address(url), " resolve", text),
                Discovery::Dns => server(&address(url), "", text),
                Discovery::Srv => {
                    let (service, host) = service(&url.host.to_string());
                    server(&host, &format!(" service={service} resolve"), text);
                }
            }
        }
    }
}

fn server(address: &str, more: &str, text: &mut Text) {
    text.held(
        format!("server {address}{more} max_fails=0;"),
        &["passive-ejection"],
    );
}

/// `host:port`, the port always written: nginx knows no scheme here.
pub(super) fn address(url: &UpstreamUrl) -> String {
    format!("{}:{}", url.host, url.port)
}

/// `_mcp._tcp.example.com` as nginx wants it: the service, and the name below it.
fn service(host: &str) -> (String, String) {
    let labels: Vec<&str> = host.split('.').collect();
    let own = labels
        .iter()
        .take_while(|label| label.starts_with('_'))
        .count();
    let (service, name) = labels.split_at(own);
    (service.join("."), name.join("."))
}

fn learn(upstream: &Upstream, text: &mut Text) {
    let affinity = &upstream.affinity;
    let by_entries = u64::try_from(affinity.entries_max)
        .unwrap_or(u64::MAX)
        .div_ceil(SESSIONS_PER_MIB);
    let mebibytes = by_entries.min(affinity.bytes_max >> 20).max(1);
    text.why("The id is learned from the answer that makes it: `initialize` has none to hash.");
    text.held(
        format!(
            "sticky learn create=$upstream_http_mcp_session_id lookup=$http_mcp_session_id zone={}_sessions:{mebibytes}m timeout={} header;",
            upstream.name,
            time(affinity.ttl)
        ),
        &["session-scattered", "session-resumed-elsewhere", "affinity-unbounded"],
    );
}

fn keep(upstream: &Upstream, text: &mut Text) {
    let pool = &upstream.pool;
    if pool.idle_connections_max == 0 {
        return;
    }
    let instances = instances(upstream).len();
    text.line(format!(
        "keepalive {};",
        pool.idle_connections_max.saturating_mul(instances)
    ));
    text.held(
        format!("keepalive_timeout {};", time(pool.idle)),
        &["keepalive-race"],
    );
}

/// What stands in for learning before 1.29.6: clients see `a~id`, and the letter names the instance.
fn tags(deployment: &Deployment, upstream: &Upstream, text: &mut Text) {
    let (name, word) = (&upstream.name, variable(deployment, &upstream.name));
    let instances = instances(upstream);
    for instance in &instances {
        tagged(upstream, instance, &instances, text);
    }
    text.why("Ids carry the instance that made them, in front: this nginx cannot learn them.");
    let practices = &["session-scattered", "session-resumed-elsewhere"];
    text.block(
        &format!("map $http_mcp_session_id $mcp_{word}_to {{"),
        "}",
        |text| {
            text.line(format!("default {name};"));
            for Instance { tag, .. } in &instances {
                text.held(format!("\"~^{tag}~.\" {name}_{tag};"), practices);
            }
        },
    );
    let all: Vec<&str> = instances.iter().map(|each| each.tag.as_str()).collect();
    text.block(
        &format!("map $http_mcp_session_id $mcp_{word}_id {{"),
        "}",
        |text| {
            text.line("default $http_mcp_session_id;");
            text.line(format!(
                "\"~^(?:{})~(?<mcp_{word}_rest>.+)$\" $mcp_{word}_rest;",
                all.join("|")
            ));
        },
    );
    text.block(
        &format!("map $upstream_addr $mcp_{word}_by {{"),
        "}",
        |text| {
            text.line("default \"\";");
            for instance in &instances {
                let address = escaped(&address(instance.url));
                text.line(format!("\"~(?:^| ){address}$\" {};", instance.tag));
            }
        },
    );
    text.block(
        &format!("map $upstream_http_mcp_session_id $mcp_{word}_session {{"),
        "}",
        |text| {
            text.line("\"\" \"\";");
            text.line(format!(
                "default \"$mcp_{word}_by~$upstream_http_mcp_session_id\";"
            ));
        },
    );
}

/// The sessions of one instance; another answers only when it is gone, and says 404, which the client needs.
fn tagged(upstream: &Upstream, own: &Instance<'_>, all: &[Instance<'_>], text: &mut Text) {
    let name = &upstream.name;
    text.block(&format!("upstream {name}_{} {{", own.tag), "}", |text| {
        text.line(format!("zone {name}_{} 1m;", own.tag));
        server(&address(own.url), "", text);
        for other in all.iter().filter(|other| other.tag != own.tag) {
            text.held(
                format!("server {} max_fails=0 backup;", address(other.url)),
                &["dead-session-status"],
            );
        }
        keep(upstream, text);
    });
}
