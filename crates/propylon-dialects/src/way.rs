//! Where requests go, taken apart for products that match and rewrite paths: the same in every dialect as in `serve`.

use propylon_config::{Deployment, Route, Upstream, UpstreamUrl};

/// Where the metadata of a protected resource stands (RFC 9728, 3.1): followed by the resource's own path.
pub(crate) const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";

/// One route: `prefix` and `prefix/` become `endpoint`, `prefix/rest` becomes `base/rest`, and below
/// [`RESOURCE_METADATA`] likewise.
#[derive(Clone, Copy, Debug)]
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

/// Whether the metadata at [`RESOURCE_METADATA`] itself has but one meaning for this host: one route serves it.
pub(crate) fn only_way<'w, 'd>(ways: &'w [Way<'d>], host: Option<&str>) -> Option<&'w Way<'d>> {
    let mut serving = ways
        .iter()
        .filter(|way| way.route.host.is_none() || way.route.host.as_deref() == host);
    let only = serving.next()?;
    serving.next().is_none().then_some(only)
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
        assert!(only_way(&ways, None).is_none());
    }
}
