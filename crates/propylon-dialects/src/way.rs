//! Where requests go, taken apart for products that match and rewrite paths: the same in every dialect as in `serve`.

use propylon_config::{AffinityBy, Deployment, Endpoints, Route, Upstream, UpstreamUrl};

/// Where the metadata of a protected resource stands (RFC 9728, 3.1): followed by the resource's own path.
pub(crate) const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";

/// One route: `prefix` and `prefix/` become `endpoint`, `prefix/rest` becomes `base/rest`, and below
/// [`RESOURCE_METADATA`] likewise.
#[derive(Clone, Debug)]
pub(crate) struct Way<'d> {
    pub(crate) route: &'d Route,
    pub(crate) upstream: &'d Upstream,
    /// What clients' paths begin with; empty for every path.
    pub(crate) prefix: &'d str,
    /// What stands in its place on the upstream; empty for the root.
    pub(crate) base: &'d str,
    /// The path of the prefix alone on the upstream, with the slash its URL was written with.
    pub(crate) endpoint: &'d str,
}

/// One instance of an upstream.
#[derive(Clone, Debug)]
pub(crate) struct Instance<'d> {
    /// A word of its own among the upstream's instances: `a`, `b`, and so on.
    pub(crate) tag: String,
    pub(crate) url: &'d UpstreamUrl,
}

impl Way<'_> {
    /// Whether a path is another on the upstream.
    pub(crate) fn is_rewritten(&self) -> bool {
        self.prefix != self.base
    }

    /// The path of this route's metadata, as clients ask for it.
    pub(crate) fn metadata_prefix(&self) -> String {
        format!("{RESOURCE_METADATA}{}", self.prefix)
    }

    /// What stands in its place on the upstream.
    pub(crate) fn metadata_base(&self) -> String {
        format!("{RESOURCE_METADATA}{}", self.base)
    }
}

/// Every route, the most specific first: exact hosts, then wildcards, then any; within them the longest prefix first.
pub(crate) fn ways(deployment: &Deployment) -> Vec<Way<'_>> {
    let mut ways: Vec<Way<'_>> = deployment
        .routes
        .iter()
        .filter_map(|route| {
            let upstream = deployment.upstreams.get(&route.upstream)?;
            let path = upstream.endpoints.path();
            Some(Way {
                route,
                upstream,
                prefix: route.path.trim_end_matches('/'),
                base: path.trim_end_matches('/'),
                endpoint: if path.is_empty() { "/" } else { path },
            })
        })
        .collect();
    ways.sort_by_key(|way| std::cmp::Reverse((exactness(way.route), way.prefix.len())));
    ways
}

/// What one host serves.
#[derive(Clone, Debug)]
pub(crate) struct Site<'d> {
    /// As in [`Route::host`]; `None` for every other host.
    pub(crate) host: Option<&'d str>,
    /// All ways a request for this host may take, the longest prefix first: those of less exact hosts too, where none
    /// of its own covers them.
    pub(crate) ways: Vec<Way<'d>>,
}

impl<'d> Site<'d> {
    /// The way whose metadata stands at [`RESOURCE_METADATA`] itself: the only one, so that it has but one meaning.
    pub(crate) fn only(&self) -> Option<&Way<'d>> {
        match self.ways.as_slice() {
            [way] => Some(way),
            _ => None,
        }
    }

    /// Whether a route takes this path.
    pub(crate) fn claims(&self, path: &str) -> bool {
        self.ways.iter().any(|way| is_below(path, way.prefix))
    }
}

/// Every host of the routes, the most exact first, and last the site of all others where a route serves it.
pub(crate) fn sites(deployment: &Deployment) -> Vec<Site<'_>> {
    let ways = ways(deployment);
    let mut sites: Vec<Site<'_>> = Vec::new();
    for way in &ways {
        let host = way.route.host.as_deref();
        if sites.iter().any(|site| site.host == host) {
            continue;
        }
        let mut reachable: Vec<Way<'_>> = Vec::new();
        for other in ways.iter().filter(|other| serves(other.route, host)) {
            let is_covered = reachable.iter().any(|before| covers(before, other));
            if !is_covered {
                reachable.push(other.clone());
            }
        }
        reachable.sort_by_key(|way| std::cmp::Reverse(way.prefix.len()));
        sites.push(Site {
            host,
            ways: reachable,
        });
    }
    sites
}

/// Whether requests for `host` may take this route.
fn serves(route: &Route, host: Option<&str>) -> bool {
    match (route.host.as_deref(), host) {
        (None, _) => true,
        (Some(pattern), Some(host)) if pattern == host => true,
        (Some(pattern), Some(host)) => pattern.strip_prefix("*.").is_some_and(|domain| {
            !host.starts_with("*.") && host.split_once('.').is_some_and(|(_, rest)| rest == domain)
        }),
        (Some(_), None) => false,
    }
}

/// Whether a more exact way takes every request of `other`.
fn covers(way: &Way<'_>, other: &Way<'_>) -> bool {
    let is_more_exact = exactness(way.route) > exactness(other.route);
    is_more_exact && is_below(other.prefix, way.prefix)
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The instances written in the file; for discovery, the one name they are found by.
pub(crate) fn instances(upstream: &Upstream) -> Vec<Instance<'_>> {
    let urls = upstream.endpoints.urls().iter().enumerate();
    urls.map(|(index, url)| Instance {
        tag: tag(index),
        url,
    })
    .collect()
}

/// The hosts that routes name, each once.
pub(crate) fn hosts<'d>(ways: &[Way<'d>]) -> Vec<&'d str> {
    let named = ways.iter().filter_map(|way| way.route.host.as_deref());
    let mut hosts: Vec<&str> = named.collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

/// Whether a session must find one of several instances.
pub(crate) fn has_several(upstream: &Upstream) -> bool {
    matches!(upstream.endpoints, Endpoints::Discover { .. }) || upstream.endpoints.urls().len() > 1
}

/// Whether the requests of a session must find the instance that made it.
pub(crate) fn is_sticky(upstream: &Upstream) -> bool {
    upstream.affinity.by == AffinityBy::Session && has_several(upstream)
}

/// Whether the id of a session can carry the word of its instance: it must, and the instances are known.
pub(crate) fn is_tagged(upstream: &Upstream) -> bool {
    upstream.affinity.by == AffinityBy::Session && upstream.endpoints.urls().len() > 1
}

/// `a` to `z`, then `aa`, `ab` and so on.
fn tag(index: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(index % 26).unwrap_or(0));
    match index / 26 {
        0 => letter.to_string(),
        more => tag(more - 1) + &letter.to_string(),
    }
}

fn exactness(route: &Route) -> u8 {
    match route.host.as_deref() {
        None => 0,
        Some(host) if host.starts_with("*.") => 1,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_on_after_z() {
        let tags: Vec<_> = [0, 1, 25, 26, 27, 51, 52].into_iter().map(tag).collect();
        assert_eq!(tags, ["a", "b", "z", "aa", "ab", "az", "ba"]);
    }

    #[test]
    fn the_most_specific_way_comes_first_and_paths_are_replaced() {
        let text = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /, upstream: a }, { path: /weather, upstream: a }, { host: mcp.example.com, path: /, upstream: b }, { host: '*.example.com', path: /x, upstream: b }]\nupstreams:\n  a: { url: http://127.0.0.1:1/mcp/ }\n  b: { url: http://127.0.0.1:2 }\n";
        let loaded = propylon_config::load_str("propylon.yaml", text).unwrap();
        let ways = ways(&loaded.deployment);
        let seen: Vec<_> = ways
            .iter()
            .map(|way| {
                (
                    way.route.host.as_deref(),
                    way.prefix,
                    way.base,
                    way.endpoint,
                )
            })
            .collect();
        let expected = [
            (Some("mcp.example.com"), "", "", "/"),
            (Some("*.example.com"), "/x", "", "/"),
            (None, "/weather", "/mcp", "/mcp/"),
            (None, "", "/mcp", "/mcp/"),
        ];
        assert_eq!(seen, expected);
        assert!(ways[2].is_rewritten() && !ways[0].is_rewritten());
        assert_eq!(
            ways[2].metadata_prefix(),
            format!("{RESOURCE_METADATA}/weather")
        );
        assert_eq!(ways[2].metadata_base(), format!("{RESOURCE_METADATA}/mcp"));
        assert!(sites(&loaded.deployment)[2].only().is_none());
    }

    #[test]
    fn a_site_has_what_less_exact_hosts_serve_where_it_has_nothing_itself() {
        let text = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /mcp, upstream: a }, { path: /b, upstream: a }, { host: x.example.com, path: /b, upstream: b }, { host: '*.example.com', path: /, upstream: b }]\nupstreams:\n  a: { url: http://127.0.0.1:1/mcp }\n  b: { url: http://127.0.0.1:2 }\n";
        let loaded = propylon_config::load_str("propylon.yaml", text).unwrap();
        let seen: Vec<_> = sites(&loaded.deployment)
            .iter()
            .map(|site| {
                let ways = site.ways.iter();
                let ways = ways.map(|way| (way.prefix, way.upstream.name.as_str()));
                (site.host, ways.collect::<Vec<_>>())
            })
            .collect();
        let expected = [
            (Some("x.example.com"), vec![("/b", "b"), ("", "b")]),
            (Some("*.example.com"), vec![("", "b")]),
            (None, vec![("/mcp", "a"), ("/b", "a")]),
        ];
        assert_eq!(seen, expected);
    }
}
