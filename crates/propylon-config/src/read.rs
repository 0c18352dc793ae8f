//! Reads the mappings of the file into a draft, section by section.

mod acme;
mod affinity;
mod backends;
mod cors;
mod flag;
mod seal_keys;
mod tls;
mod upstream;
pub(crate) mod word;

pub(crate) use flag::flag_upstream;

use crate::draft::{Draft, DraftRoute};
use crate::model::deployment::{Admin, Level, Listener, Log, LogFormat, TraceContext};
use crate::model::limits::{ClientTimeouts, Limits};
use crate::problem::Problem;
use crate::section::{Placed, Section};
use crate::tree::Value;

/// Everything under the root.
pub(crate) fn draft(root: Section<'_>) -> Draft {
    let mut draft = Draft {
        listeners: root
            .items("listeners")
            .into_iter()
            .filter_map(listener)
            .collect(),
        ..Draft::default()
    };
    let backends = root.section("backends");
    // Whoever serves what users register may well serve nothing else.
    if backends.is_none() || root.entry("routes").is_some() || root.entry("upstreams").is_some() {
        draft.routes = root.items("routes").into_iter().map(route).collect();
        let upstreams = root.named("upstreams").into_iter();
        draft.upstreams = upstreams
            .map(|(entry, section)| upstream::upstream(entry, section))
            .collect();
    }
    draft.backends = backends.and_then(backends::backends);
    if let Some(section) = root.section("limits") {
        limits(section, &mut draft.limits);
    }
    if let Some(section) = root.section("timeouts") {
        client_timeouts(section, &mut draft.timeouts);
    }
    if let Some(section) = root.section("log") {
        log(section, &mut draft.log);
    }
    if let Some(networks) = root.read_list("trusted_proxies", word::network) {
        draft.trusted_proxies = networks;
    }
    if let Some(section) = root.section("resolver") {
        let servers = section
            .read_list("servers", word::address)
            .unwrap_or_default();
        draft.resolver_servers = servers.into_iter().map(|server| server.value).collect();
        section.finish();
    }
    root.choice(
        "trace_context",
        &mut draft.trace_context,
        |word| match word {
            "continue" => Some(TraceContext::Continue),
            "off" => Some(TraceContext::Off),
            _ => None,
        },
    );
    admin(&root, &mut draft);
    root.duration("drain", &mut draft.drain);
    if let Some(workers) = root.read("workers", word::workers) {
        draft.workers = workers.value;
    }
    root.finish();
    draft
}

fn listener(section: Section<'_>) -> Option<Placed<Listener>> {
    let address = section.read_required("address", word::address);
    let health = section.read("health", word::path_or_off);
    let tls = section.section("tls").and_then(tls::listener);
    let http2 = section.read("http2", word::flag);
    let balancers = section.read_list("proxy_protocol", word::network);
    let redirect = section.read("redirect", word::redirect);
    if let Some(redirect) = redirect.as_ref().filter(|_| tls.is_some()) {
        let problem = Problem::error(
            &redirect.key,
            "a listener with `tls` has nobody to send to https",
        )
        .at(redirect.position);
        section
            .report
            .add(problem.suggest("put `redirect` on the listener for plain http"));
    }
    section.finish();
    let address = address?;
    let mut listener = Listener::on(address.value);
    if let Some(health) = health {
        listener.health = health.value;
    }
    listener.http2 = http2.map_or(tls.is_some(), |http2| http2.value);
    listener.tls = tls;
    listener.proxy_protocol = balancers
        .into_iter()
        .flatten()
        .map(|net| net.value)
        .collect();
    listener.redirect = redirect.map(|redirect| redirect.value);
    Some(Placed {
        value: listener,
        position: address.position,
        key: address.key,
    })
}

fn route(section: Section<'_>) -> DraftRoute {
    let route = DraftRoute {
        host: section.read("host", word::host).map(|host| host.value),
        path: section.read_required("path", word::path),
        upstream: section.read_required("upstream", |name, _| Ok(name.to_owned())),
        cors: section.section("cors").map(cors::cors),
        rewrite_metadata: section
            .read("rewrite_metadata", word::flag)
            .is_some_and(|flag| flag.value),
    };
    section.finish();
    route
}

fn limits(section: Section<'_>, limits: &mut Limits) {
    section.size("header_bytes", &mut limits.header_bytes);
    section.count("header_count", &mut limits.header_count);
    section.size("body_bytes", &mut limits.body_bytes);
    section.size("peek_bytes", &mut limits.peek_bytes);
    section.count("connections", &mut limits.connections);
    section.count("streams", &mut limits.streams);
    section.count("streams_per_client", &mut limits.streams_per_client);
    section.count("annotated_tools", &mut limits.annotated_tools);
    section.count("streams_per_connection", &mut limits.streams_per_connection);
    section.count("control_frames", &mut limits.control_frames);
    section.finish();
}

fn client_timeouts(section: Section<'_>, timeouts: &mut ClientTimeouts) {
    section.duration("header_read", &mut timeouts.header_read);
    section.duration("keep_alive", &mut timeouts.keep_alive);
    section.duration("body_idle", &mut timeouts.body_idle);
    section.duration("write_idle", &mut timeouts.write_idle);
    section.duration("ping", &mut timeouts.ping);
    section.finish();
}

fn log(section: Section<'_>, log: &mut Log) {
    if let Some(access) = section.read("access", word::access_log) {
        log.access = access.value;
    }
    section.choice("format", &mut log.format, |word| match word {
        "json" => Some(LogFormat::Json),
        "pretty" => Some(LogFormat::Pretty),
        _ => None,
    });
    section.choice("level", &mut log.level, |word| {
        let levels = [
            Level::Error,
            Level::Warn,
            Level::Info,
            Level::Debug,
            Level::Trace,
        ];
        levels.into_iter().find(|level| level.as_str() == word)
    });
    section.finish();
}

/// `off`, or a mapping with the address.
fn admin(root: &Section<'_>, draft: &mut Draft) {
    let Some(entry) = root.entry("admin") else {
        return;
    };
    if matches!(&entry.node.value, Value::Scalar(word) if word == "off") {
        draft.admin = None;
        return;
    }
    let Some(section) = root.section("admin") else {
        return;
    };
    if let Some(address) = section.read("address", word::address) {
        let admin = Admin {
            address: address.value,
            explicit: true,
        };
        let place = Placed {
            value: (),
            position: address.position,
            key: address.key,
        };
        draft.admin = Some((admin, Some(place)));
    }
    section.finish();
}
