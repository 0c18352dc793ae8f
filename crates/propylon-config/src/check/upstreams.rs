//! Health checks stay off the MCP endpoint, and what an operator should know about an upstream is said.

use crate::draft::{Draft, DraftRoute, DraftUpstream};
use crate::model::tls::UpstreamTls;
use crate::model::upstream::Upstream;
use crate::model::upstream_url::{Scheme, UpstreamUrl};
use crate::problem::Problem;
use crate::report::Report;

pub(super) fn check(report: &Report<'_>, draft: &Draft) {
    // A route that leads nowhere was meant for one of these.
    let astray = draft.routes.iter().any(|route| !leads(draft, route));
    for upstream in &draft.upstreams {
        if !astray {
            warn_unused(report, draft, upstream);
        }
        let Some(read) = &upstream.upstream else {
            continue;
        };
        judge_health(report, draft, upstream, read);
        warn_plaintext(report, upstream, read);
        warn_idle_tls(report, upstream, read);
        warn_root(report, draft, upstream, read);
    }
}

fn leads(draft: &Draft, route: &DraftRoute) -> bool {
    let to = route.upstream.as_ref();
    to.is_some_and(|to| {
        draft
            .upstreams
            .iter()
            .any(|upstream| upstream.name.value == to.value)
    })
}

fn routes_to<'d>(draft: &'d Draft, name: &'d str) -> impl Iterator<Item = &'d str> {
    let leads = move |to: &str| to == name;
    draft
        .routes
        .iter()
        .filter(move |route| route.upstream.as_ref().is_some_and(|to| leads(&to.value)))
        .filter_map(|route| route.path.as_ref().map(|path| path.value.as_str()))
}

fn warn_unused(report: &Report<'_>, draft: &Draft, upstream: &DraftUpstream) {
    let name = &upstream.name;
    let used = draft.routes.iter().any(|route| {
        route
            .upstream
            .as_ref()
            .is_some_and(|to| to.value == name.value)
    });
    if !used {
        let summary = format!("no route leads to the upstream `{}`", name.value);
        let problem = Problem::warning(&name.key, summary).at(name.position);
        report.add(problem.suggest("add a route, or remove it"));
    }
}

/// A probe of the endpoint itself mints a session each time, or is refused and takes the instance away.
fn judge_health(report: &Report<'_>, draft: &Draft, upstream: &DraftUpstream, read: &Upstream) {
    let Some(health) = &upstream.health_path else {
        return;
    };
    let endpoint = match read.endpoints.path() {
        "" if routes_to(draft, &read.name).any(|path| path == "/") => return,
        "" => "/",
        path => path,
    };
    if health.value == endpoint {
        let problem = Problem::error(
            &health.key,
            "health checks would go to the MCP endpoint itself",
        )
        .at(health.position)
        .found(&health.value)
        .expected("a path of the instance that needs no MCP session, such as /health")
        .practice("health-on-endpoint");
        report.add(problem.suggest("serve a health path beside the endpoint, or remove `health`"));
    }
}

fn warn_plaintext(report: &Report<'_>, upstream: &DraftUpstream, read: &Upstream) {
    let mut urls = read.endpoints.urls().iter().zip(&upstream.urls);
    let is_plain = |url: &UpstreamUrl| url.scheme == Scheme::Http && !url.is_local();
    let Some((url, place)) = urls.find(|(url, _)| is_plain(url)) else {
        return;
    };
    let summary = format!(
        "requests leave this machine in the clear, to {}",
        url.origin()
    );
    let problem = Problem::warning(&place.key, summary)
        .at(place.position)
        .practice("tls-upstream-plaintext");
    report
        .add(problem.suggest(
            "reach it over https, or keep this to a network where nobody else can listen",
        ));
}

/// What is said of TLS holds for https alone.
fn warn_idle_tls(report: &Report<'_>, upstream: &DraftUpstream, read: &Upstream) {
    let is_http = |url: &UpstreamUrl| url.scheme == Scheme::Http;
    if read.tls != UpstreamTls::default() && read.endpoints.urls().iter().any(is_http) {
        let key = format!("{}.tls", upstream.name.key);
        let summary = "`tls` changes nothing for instances that are reached over http";
        let problem = Problem::warning(key, summary).at(upstream.name.position);
        report.add(problem.suggest("write https:// in the URL, or remove `tls`"));
    }
}

/// A URL without a path replaces the route's prefix by nothing, which few mean.
fn warn_root(report: &Report<'_>, draft: &Draft, upstream: &DraftUpstream, read: &Upstream) {
    let Some(place) = upstream.urls.first() else {
        return;
    };
    let prefix = routes_to(draft, &read.name).find(|path| *path != "/");
    if let Some(prefix) = prefix.filter(|_| read.endpoints.path().is_empty()) {
        let summary = format!("this URL has no path, so `{prefix}` reaches the instance as `/`");
        let problem = Problem::warning(&place.key, summary).at(place.position);
        report.add(problem.suggest("add the path of the MCP endpoint, such as `/mcp`"));
    }
}
