//! Reads one upstream: where its instances are, and how they are treated.

use crate::draft::DraftUpstream;
use crate::model::cache::Cache;
use crate::model::upstream::{
    Affinity, Discovery, Endpoints, Health, KEEPALIVE, Mirror, Pool, Upstream, UpstreamTimeouts,
};
use crate::model::upstream_url::{UpstreamUrl, UrlHost};
use crate::problem::Problem;
use crate::read::{affinity, tls, word};
use crate::report::Report;
use crate::section::{Placed, Section};
use crate::tree::Entry;

/// The upstream named by `entry`; `section` is missing where its value is no mapping.
pub(crate) fn upstream(entry: &Entry, section: Option<Section<'_>>) -> DraftUpstream {
    let name = Placed {
        value: entry.key.clone(),
        position: Some(entry.position),
        key: format!("upstreams.{}", entry.key),
    };
    let mut draft = DraftUpstream {
        name,
        upstream: None,
        urls: Vec::new(),
        health_path: None,
    };
    if let Some(section) = section {
        judge_name(section.report, &draft.name);
        read(section, &mut draft);
    }
    draft
}

/// Names stand in metrics, logs and other products' configurations, so they stay plain.
fn judge_name(report: &Report<'_>, name: &Placed<String>) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let starts = name.value.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts && name.value.len() <= NAME_BYTES_MAX && name.value.bytes().all(plain) {
        return;
    }
    let problem = Problem::error(
        &name.key,
        format!("`{}` cannot name an upstream", name.value),
    );
    report.add(problem.at(name.position).expected(format!(
        "a letter or digit, then letters, digits, `-`, `_` and `.`; {NAME_BYTES_MAX} at most"
    )));
}

const NAME_BYTES_MAX: usize = 64;

fn read(section: Section<'_>, draft: &mut DraftUpstream) {
    let endpoints = endpoints(&section, draft);
    let host = section.read("host", word::host_header);
    let (mut affinity, mut lost_status, mut seal_keys) = (Affinity::default(), Vec::new(), None);
    if let Some(section) = section.section("affinity") {
        (lost_status, seal_keys) = affinity::read(section, &mut affinity);
    }
    let mut mirror = Mirror::default();
    section.choice("mirror", &mut mirror, |word| match word {
        "enforce" => Some(Mirror::Enforce),
        "observe" => Some(Mirror::Observe),
        _ => None,
    });
    let cache = section.section("cache").map(read_cache);
    let mut timeouts = UpstreamTimeouts::default();
    if let Some(section) = section.section("timeouts") {
        read_timeouts(section, &mut timeouts);
    }
    let mut keepalive = Some(KEEPALIVE);
    section.duration_or_off("keepalive", &mut keepalive);
    let health = section
        .section("health")
        .map(|section| read_health(section, draft));
    let mut pool = Pool::default();
    if let Some(section) = section.section("pool") {
        read_pool(section, &mut pool);
    }
    let tls = section.section("tls").map(tls::upstream);
    let http2 = section.read("http2", word::flag);
    section.finish();
    draft.upstream = endpoints.map(|endpoints| Upstream {
        name: draft.name.value.clone(),
        endpoints,
        host: host.map(|host| host.value).unwrap_or_default(),
        affinity,
        lost_status,
        seal_keys,
        mirror,
        cache,
        timeouts,
        keepalive,
        health,
        pool,
        tls: tls.unwrap_or_default(),
        http2: http2.map(|http2| http2.value),
    });
}

fn endpoints(section: &Section<'_>, draft: &mut DraftUpstream) -> Option<Endpoints> {
    judge_keys(section);
    let by = section.read("discover", word::discovery);
    let url = section.read("url", word::url);
    let urls = section.read_list("urls", word::url);
    let read: Vec<_> = url.into_iter().chain(urls.unwrap_or_default()).collect();
    draft.urls = read
        .iter()
        .map(|url| Placed {
            value: (),
            position: url.position,
            key: url.key.clone(),
        })
        .collect();
    judge_urls(section.report, &read);
    match by {
        Some(by) => discovered(section, read.into_iter().next()?, by.value),
        None => Some(Endpoints::Urls(
            read.into_iter().map(|url| url.value).collect(),
        )),
    }
}

/// Exactly one of `url` and `urls`, and only `url` beside `discover`.
fn judge_keys(section: &Section<'_>) {
    let one = section.entry("url").is_some();
    let list = section.entry("urls").is_some();
    let discover = section.entry("discover").is_some();
    let problem = |summary| Problem::error(&section.path.shown, summary).at(section.position);
    let found = match (one, list) {
        (true, true) => Some(
            problem("`url` and `urls` are both written")
                .suggest("move the URL of `url` into `urls`"),
        ),
        (false, false) => Some(
            problem("nothing says where the instances are")
                .expected("`url` for one instance, or `urls` for several")
                .suggest("write `url: http://127.0.0.1:3001/mcp`"),
        ),
        (false, true) if discover => Some(
            problem("`discover` asks for one name, and `urls` is a list")
                .suggest("write the name's URL as `url`"),
        ),
        _ => None,
    };
    if let Some(problem) = found {
        section.report.add(problem);
    }
}

/// Instances are interchangeable: one path for all of them, and none counted twice.
pub(super) fn judge_urls(report: &Report<'_>, urls: &[Placed<UpstreamUrl>]) {
    let Some(first) = urls.first() else {
        return;
    };
    for (index, url) in urls.iter().enumerate() {
        let problem = |summary| Problem::error(&url.key, summary).at(url.position);
        if url.value.path != first.value.path {
            let summary = "the instances of one upstream have different paths";
            let problem = problem(summary.to_owned())
                .found(shown(&url.value.path))
                .expected(format!("{}, as in the first URL", shown(&first.value.path)));
            report.add(problem.suggest("make it a second upstream with its own route"));
        } else if url.value.scheme != first.value.scheme {
            let problem =
                problem("the instances of one upstream have different schemes".to_owned())
                    .found(url.value.scheme.as_str())
                    .expected(format!(
                        "{}, as in the first URL",
                        first.value.scheme.as_str()
                    ));
            report.add(problem.suggest("reach all of them over https"));
        } else if urls
            .iter()
            .take(index)
            .any(|other| other.value == url.value)
        {
            let problem = problem(format!("{} is listed twice", url.value));
            report.add(problem.suggest("remove one of the two"));
        }
    }
}

fn shown(path: &str) -> String {
    if path.is_empty() {
        "no path".to_owned()
    } else {
        format!("`{path}`")
    }
}

fn discovered(section: &Section<'_>, url: Placed<UpstreamUrl>, by: Discovery) -> Option<Endpoints> {
    if matches!(url.value.host, UrlHost::Ip(_)) {
        let problem = Problem::error(&url.key, "an address cannot be discovered")
            .at(url.position)
            .found(url.value.to_string())
            .expected("a URL whose host is a DNS name");
        section
            .report
            .add(problem.suggest("remove `discover`, or write the name"));
        return None;
    }
    Some(Endpoints::Discover { url: url.value, by })
}

fn read_cache(section: Section<'_>) -> Cache {
    let mut cache = Cache::default();
    section.count("entries_max", &mut cache.entries_max);
    section.size("bytes_max", &mut cache.bytes_max);
    section.size("entry_bytes_max", &mut cache.entry_bytes_max);
    section.duration("ttl_max", &mut cache.ttl_max);
    section.duration("wait", &mut cache.wait);
    section.finish();
    cache
}

pub(super) fn read_timeouts(section: Section<'_>, timeouts: &mut UpstreamTimeouts) {
    section.duration("connect", &mut timeouts.connect);
    section.duration("response_head", &mut timeouts.response_head);
    section.duration("idle", &mut timeouts.idle);
    section.duration("stream", &mut timeouts.stream);
    section.duration("ping", &mut timeouts.ping);
    section.finish();
}

fn read_health(section: Section<'_>, draft: &mut DraftUpstream) -> Health {
    let path = section.read_required("path", word::path);
    let mut health = Health::at(path.as_ref().map_or("", |path| &path.value));
    section.duration("interval", &mut health.interval);
    section.duration("timeout", &mut health.timeout);
    section.count("rise", &mut health.rise);
    section.count("fall", &mut health.fall);
    section.finish();
    draft.health_path = path;
    health
}

fn read_pool(section: Section<'_>, pool: &mut Pool) {
    section.duration("idle", &mut pool.idle);
    section.count("idle_connections_max", &mut pool.idle_connections_max);
    section.duration("eject", &mut pool.eject);
    section.finish();
}
