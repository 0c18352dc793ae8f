//! Which route a request takes, and what its path becomes there.

use std::sync::Arc;

use crate::http1::field::Field;
use crate::http1::head::RequestHead;
use crate::metrics::RouteMetrics;
use crate::phase::metadata;
use crate::upstream::Upstream;

/// One route at work.
#[derive(Debug)]
pub(crate) struct Route {
    host: Option<String>,
    /// Without a trailing slash; empty for all paths.
    path: String,
    pub(crate) cors: Option<propylon_config::Cors>,
    /// Whether metadata and challenges are shown with the outside's URLs.
    pub(crate) rewrites_metadata: bool,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) metrics: Arc<RouteMetrics>,
}

/// The routes, the most specific first.
#[derive(Debug, Default)]
pub(crate) struct Routes(Vec<Arc<Route>>);

/// A request's route, with the target it has on the upstream.
#[derive(Debug)]
pub(crate) struct Routed {
    pub(crate) route: Arc<Route>,
    pub(crate) target: String,
}

/// Where a request wants to go, taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'r> {
    /// Host and port as sent, empty where there is none.
    pub(crate) authority: &'r str,
    pub(crate) path: &'r str,
    /// With its question mark; empty where there is none.
    pub(crate) query: &'r str,
}

impl Route {
    pub(crate) fn new(
        config: &propylon_config::Route,
        upstream: Arc<Upstream>,
        metrics: Arc<RouteMetrics>,
    ) -> Self {
        let path = config.path.trim_end_matches('/').to_owned();
        Self {
            host: config.host.clone(),
            path,
            cors: config.cors.clone(),
            rewrites_metadata: config.rewrite_metadata,
            upstream,
            metrics,
        }
    }

    /// How logs and metrics call a route: host and path.
    pub(crate) fn name(config: &propylon_config::Route) -> String {
        format!(
            "{}{}",
            config.host.as_deref().unwrap_or_default(),
            config.path
        )
    }

    /// Whether the route is for this host by name, not for any.
    pub(crate) fn names_host(&self, host: &str) -> bool {
        self.host.is_some() && self.serves_host(host)
    }

    /// Whether the route is for some hosts alone.
    pub(crate) fn is_of_a_host(&self) -> bool {
        self.host.is_some()
    }

    fn serves_host(&self, host: &str) -> bool {
        match self.host.as_deref() {
            None => true,
            Some(pattern) => match pattern.strip_prefix("*.") {
                Some(domain) => host
                    .split_once('.')
                    .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
                None => pattern.eq_ignore_ascii_case(host),
            },
        }
    }

    /// The outside path that the route is for; empty for all paths.
    pub(crate) fn prefix(&self) -> &str {
        &self.path
    }

    /// Whether an outside path is within a prefix of the route's own.
    pub(crate) fn covers(&self, path: &str) -> bool {
        !self.path.is_empty() && self.rest(path).is_some()
    }

    /// What of `path` comes after the prefix, where the prefix is the route's.
    pub(crate) fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.path.as_str())
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path on the upstream: its URL's path in place of the prefix. The prefix alone, with or
    /// without a slash, is the endpoint itself, so that no server has to redirect one to the other.
    pub(crate) fn map(&self, path: &str) -> Option<String> {
        match self.rest(path)? {
            "" | "/" => Some(self.upstream.endpoint()),
            rest => Some(format!("{}{rest}", self.upstream.path)),
        }
    }

    /// The outside path of an upstream's path: the inverse of [`Self::map`].
    pub(crate) fn map_back(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.upstream.path.as_str())?;
        let bounded = rest.is_empty() || rest.starts_with(['/', '?', '#']);
        bounded.then(|| format!("{}{rest}", self.path))
    }
}

impl Routed {
    /// Whether the answer is metadata that is shown with the outside's URLs.
    pub(crate) fn is_rewritten(&self, wanted: Wanted<'_>) -> bool {
        self.route.rewrites_metadata && metadata::is_of_resource(wanted.path)
    }
}

impl Routes {
    pub(crate) fn new(mut routes: Vec<Arc<Route>>) -> Self {
        let exactness = |route: &Route| match route.host.as_deref() {
            None => 0,
            Some(host) if host.starts_with("*.") => 1,
            Some(_) => 2,
        };
        routes.sort_by_key(|route| std::cmp::Reverse((exactness(route), route.path.len())));
        Self(routes)
    }

    /// The route of a request: the most exact host first, then the longest path.
    pub(crate) fn find(&self, wanted: Wanted<'_>) -> Option<Routed> {
        let host = wanted.host();
        let serving = || self.0.iter().filter(|route| route.serves_host(host));
        let found = serving()
            .find_map(|route| metadata_target(route, wanted.path).map(|path| (route, path)));
        let found = found.or_else(|| {
            serving().find_map(|route| route.map(wanted.path).map(|path| (route, path)))
        });
        let found = found.or_else(|| {
            let mut routes = serving();
            let only = routes
                .next()
                .filter(|_| is_root_metadata(wanted.path) && routes.next().is_none())?;
            Some((only, wanted.path.to_owned()))
        });
        let (route, mut target) = found?;
        target.push_str(wanted.query);
        Some(Routed {
            route: Arc::clone(route),
            target,
        })
    }
}

/// Metadata has the path of what it is about behind its own (RFC 9728, 3.1; RFC 8414, 3.1), and follows the route of that
/// path.
fn metadata_target(route: &Route, path: &str) -> Option<String> {
    let (known, about) = metadata::split(path).filter(|(_, about)| !about.is_empty())?;
    route.map(about).map(|mapped| format!("{known}{mapped}"))
}

/// Metadata about a whole host, which is the one route's where there is one.
fn is_root_metadata(path: &str) -> bool {
    metadata::split(path).is_some_and(|(_, about)| about.is_empty())
}

impl<'r> Wanted<'r> {
    /// Takes the target and `Host` of a request apart.
    ///
    /// # Errors
    /// A text that says why the request has no single meaning.
    pub(crate) fn of(request: &'r RequestHead) -> Result<Self, &'static str> {
        let mut hosts = request.lines.all(request.head(), Field::Host);
        let host = hosts.next();
        if hosts.next().is_some() {
            return Err("more than one Host");
        }
        if host.is_none() && request.version != crate::http1::head::Version::Http10 {
            return Err("no Host");
        }
        let host =
            std::str::from_utf8(host.unwrap_or_default()).map_err(|_| "a Host that is not text")?;
        let named = split_absolute(request.target());
        if named.is_some_and(|(authority, _)| authority.is_empty()) {
            return Err("an absolute target without a host");
        }
        let (authority, path) = named.unwrap_or((host, request.target()));
        if !(is_plain(host) && (named.is_none() || is_plain(authority))) {
            return Err("a Host that is not a host and a port");
        }
        let path = path.split_once('#').map_or(path, |(before, _)| before);
        let query = path
            .find('?')
            .map_or("", |at| path.get(at..).unwrap_or_default());
        let path = path.get(..path.len() - query.len()).unwrap_or_default();
        let path = if path.is_empty() { "/" } else { path };
        if has_dot_segments(path) {
            return Err("a path with . or .. segments");
        }
        Ok(Self {
            authority,
            path,
            query,
        })
    }

    /// The host without its port.
    fn host(self) -> &'r str {
        let host = match self.authority.rfind(':') {
            Some(colon) if !self.authority.ends_with(']') => self.authority.get(..colon),
            _ => Some(self.authority),
        };
        host.unwrap_or_default().trim_end_matches('.')
    }
}

/// Whether this can be a host and a port, or nothing at all.
pub(crate) fn is_plain(authority: &str) -> bool {
    let ends_it = |byte| {
        matches!(
            byte,
            b'/' | b'?' | b'#' | b'@' | b' ' | b'\t' | b',' | b';' | b'"' | b'\\' | b'<' | b'>'
        )
    };
    !authority.bytes().any(ends_it)
}

fn split_absolute(target: &str) -> Option<(&str, &str)> {
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}

/// A server that resolves them would step out of the route's prefix.
fn has_dot_segments(path: &str) -> bool {
    let is_dots = |segment: &str| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == "." || plain == ".."
    };
    memchr::memchr2(b'.', b'%', path.as_bytes()).is_some() && path.split('/').any(is_dots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::head::HeadLimits;

    fn routes(routes: &[(Option<&str>, &str, &str)]) -> Routes {
        let routes = routes.iter().map(|(host, path, url)| {
            let endpoints = propylon_config::Endpoints::Urls(vec![url.parse().unwrap()]);
            let upstream = Upstream::new(propylon_config::Upstream::new(*url, endpoints), None);
            let config = propylon_config::Route {
                host: host.map(Into::into),
                ..propylon_config::Route::to(*url, *path)
            };
            Arc::new(Route::new(
                &config,
                Arc::new(upstream.unwrap()),
                Arc::default(),
            ))
        });
        Routes::new(routes.collect())
    }

    fn request(target: &str, host: &str) -> RequestHead {
        let limits = HeadLimits {
            bytes_max: 4096,
            count_max: 8,
        };
        let text = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        RequestHead::parse(&mut text.into_bytes(), limits)
            .unwrap()
            .unwrap()
    }

    fn check(table: &Routes, host: &str, target: &str, expected: Option<(&str, &str)>) {
        let request = request(target, host);
        let found = table.find(Wanted::of(&request).unwrap());
        let found = found.as_ref().map(|found| {
            (
                found.route.upstream.config.name.as_str(),
                found.target.as_str(),
            )
        });
        assert_eq!(found, expected, "{host} {target}");
    }

    #[test]
    fn the_longest_path_of_the_most_exact_host_wins_and_is_replaced() {
        let table = routes(&[
            (None, "/", "http://a:1/all"),
            (None, "/weather", "http://b:1/mcp"),
            (None, "/weather/deep", "http://c:1/mcp/"),
            (Some("*.example.com"), "/mcp", "http://d:1/mcp"),
            (Some("bare.example.com"), "/x", "http://f:1"),
            (Some("one.example.com"), "/mcp", "http://e:1/mcp"),
        ]);
        check(&table, "x", "/weather", Some(("http://b:1/mcp", "/mcp")));
        check(&table, "x", "/weather/", Some(("http://b:1/mcp", "/mcp")));
        check(
            &table,
            "x",
            "/weather/x?q=1",
            Some(("http://b:1/mcp", "/mcp/x?q=1")),
        );
        check(
            &table,
            "x",
            "/weather?q=/a",
            Some(("http://b:1/mcp", "/mcp?q=/a")),
        );
        check(
            &table,
            "x",
            "/weatherman",
            Some(("http://a:1/all", "/all/weatherman")),
        );
        check(
            &table,
            "x",
            "/weather/deep",
            Some(("http://c:1/mcp/", "/mcp/")),
        );
        check(
            &table,
            "x",
            "/weather/deep/y",
            Some(("http://c:1/mcp/", "/mcp/y")),
        );
        check(
            &table,
            "two.EXAMPLE.com:8443",
            "/mcp/z",
            Some(("http://d:1/mcp", "/mcp/z")),
        );
        check(&table, "bare.example.com", "/x", Some(("http://f:1", "/")));
        check(
            &table,
            "bare.example.com",
            "/x/y",
            Some(("http://f:1", "/y")),
        );
        check(
            &table,
            "one.example.com.",
            "/mcp",
            Some(("http://e:1/mcp", "/mcp")),
        );
        check(
            &table,
            "x",
            "http://one.example.com/mcp",
            Some(("http://e:1/mcp", "/mcp")),
        );
    }

    #[test]
    fn metadata_follows_its_route() {
        let table = routes(&[(None, "/weather", "http://b:1/mcp")]);
        let known = "/.well-known/oauth-protected-resource";
        check(
            &table,
            "x",
            &format!("{known}/weather"),
            Some((
                "http://b:1/mcp",
                "/.well-known/oauth-protected-resource/mcp",
            )),
        );
        check(&table, "x", known, Some(("http://b:1/mcp", known)));
        check(&table, "x", &format!("{known}/other"), None);
        check(&table, "x", "/other", None);
    }

    #[test]
    fn a_request_has_one_place_to_go() {
        for (target, host) in [
            ("/a/../b", "x"),
            ("/a/%2e%2E/b", "x"),
            ("/", "a/b"),
            ("/", "a, b"),
        ] {
            assert!(
                Wanted::of(&request(target, host)).is_err(),
                "{target} {host}"
            );
        }
    }
}
