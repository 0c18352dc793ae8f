//! The `endpoint` event of HTTP with SSE (2024-11-05): the address it announces, as it works from outside.

use super::location::absolute;
use super::route::Route;

/// The stream as it is known on both sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outside<'a> {
    pub(crate) route: &'a Route,
    /// The origin that the client asked.
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    /// Path and query that the client asked for,
    pub(crate) asked: &'a str,
    /// and what they became on the upstream.
    pub(crate) target: &'a str,
}

/// Where messages of a stream are posted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Announced {
    /// What the event is to say, where the server's own words would lead astray.
    pub(crate) instead: Option<String>,
    /// Path and query as the client will ask for them.
    pub(crate) outside: String,
    pub(crate) way: Way,
}

/// How the outside path of messages becomes the upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As any path of the route.
    Replaced,
    /// It is not under the path of the upstream's URL, as `/message` is not under `/sse`: the whole of
    /// it stands behind the route's prefix.
    Whole,
}

/// Reads what an `endpoint` event announces.
///
/// Clients post to the origin of the stream and refuse any other, so whatever origin a server names is
/// its own, by a name that may mean nothing outside.
pub(crate) fn announced(value: &str, sides: &Outside<'_>) -> Announced {
    let bare = value.split('#').next().unwrap_or_default();
    let named = match bare.strip_prefix("//") {
        Some(rest) => Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))),
        None => absolute(bare),
    };
    let Some((authority, path)) = named else {
        let (outside, way) = show(sides.route, resolve(sides.target, bare));
        let is_right = resolve(sides.asked, bare) == outside;
        return Announced {
            instead: (!is_right).then(|| outside.clone()),
            outside,
            way,
        };
    };
    let path = resolve("/", path);
    if authority.eq_ignore_ascii_case(sides.host) && is_shown(sides.route, &path) {
        return Announced {
            instead: None,
            outside: path,
            way: Way::Replaced,
        };
    }
    let (outside, way) = show(sides.route, path);
    let shown = format!("{}://{}{outside}", sides.scheme, sides.host);
    Announced {
        instead: (shown != value).then_some(shown),
        outside,
        way,
    }
}

impl Way {
    /// The path and query on the upstream.
    pub(crate) fn target(self, route: &Route, outside: &str) -> Option<String> {
        let (path, query) = split_query(outside);
        let path = match self {
            Self::Replaced => route.map(path)?,
            Self::Whole => route.rest(path)?.to_owned(),
        };
        Some(path + query)
    }
}

/// Whether a path is one of the route's already, and none of the upstream's own.
fn is_shown(route: &Route, path: &str) -> bool {
    let path = split_query(path).0;
    route.rest(path).is_some() && route.map_back(path).is_none()
}

/// A path and query of the upstream as the outside asks for it.
fn show(route: &Route, inside: String) -> (String, Way) {
    let (path, query) = split_query(&inside);
    let replaced = route
        .map_back(path)
        .filter(|outside| route.map(outside).as_deref() == Some(path));
    match replaced {
        Some(outside) => (outside + query, Way::Replaced),
        None => (format!("{}{inside}", route.prefix()), Way::Whole),
    }
}

/// Resolves a reference without an authority (RFC 3986, 5.2).
fn resolve(base: &str, reference: &str) -> String {
    let base = split_query(base).0;
    let (path, query) = split_query(reference);
    let merged = match path {
        "" => return format!("{base}{query}"),
        path if path.starts_with('/') => path.to_owned(),
        path => {
            let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{path}")
        }
    };
    without_dots(&merged) + query
}

fn without_dots(path: &str) -> String {
    if !path.contains("/.") {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            ".." => drop(kept.pop()),
            "." => {}
            segment => kept.push(segment),
        }
        if is_last && matches!(segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// The path, and the query with its question mark.
fn split_query(text: &str) -> (&str, &str) {
    text.split_at(text.find('?').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::upstream::Upstream;

    fn route(prefix: &str, url: &str) -> Route {
        let endpoints = propylon_config::Endpoints::Urls(vec![url.parse().unwrap()]);
        let upstream = Upstream::new(propylon_config::Upstream::new("old", endpoints), None);
        let config = propylon_config::Route::to("old", prefix);
        Route::new(&config, Arc::new(upstream.unwrap()), Arc::default())
    }

    /// `(prefix, upstream's URL, path asked for)`, what the server announces, what the client is to be told if not that,
    /// and what its message is to become again.
    fn check(setting: (&str, &str, &str), value: &str, instead: Option<&str>, target: &str) {
        let (prefix, url, asked) = setting;
        let route = route(prefix, url);
        let sides = Outside {
            route: &route,
            scheme: "https",
            host: "mcp.example.com",
            asked,
            target: &route.map(asked).unwrap(),
        };
        let announced = announced(value, &sides);
        assert_eq!(announced.instead.as_deref(), instead, "{value} {setting:?}");
        let way = announced.way.target(&route, &announced.outside);
        assert_eq!(way.as_deref(), Some(target), "{value} {setting:?}");
    }

    #[test]
    fn an_address_beside_the_streams_path_works_from_outside() {
        let beside = ("/weather", "http://10.0.0.1:3001/sse", "/weather");
        check(
            beside,
            "/message?s=1",
            Some("/weather/message?s=1"),
            "/message?s=1",
        );
        check(
            beside,
            "/sse/message?s=1",
            Some("/weather/message?s=1"),
            "/sse/message?s=1",
        );
        check(beside, "/sse?s=1", Some("/weather?s=1"), "/sse?s=1");
        check(beside, "?s=1", None, "/sse?s=1");
        check(
            beside,
            "message?s=1",
            Some("/weather/message?s=1"),
            "/message?s=1",
        );
        check(beside, "/m/1#x", Some("/weather/m/1"), "/m/1");
        for origin in [
            "http://10.0.0.1:3001",
            "http://localhost:9",
            "https://mcp.example.com",
            "//10.0.0.1:3001",
        ] {
            let shown = Some("https://mcp.example.com/weather/message?s=1");
            check(
                beside,
                &format!("{origin}/message?s=1"),
                shown,
                "/message?s=1",
            );
        }
        let known = "https://mcp.example.com/weather/message?s=1";
        check(beside, known, None, "/sse/message?s=1");
    }

    #[test]
    fn an_address_under_the_upstreams_path_works_from_outside() {
        let under = ("/weather", "http://10.0.0.1:3001", "/weather/sse");
        check(
            under,
            "/message?s=1",
            Some("/weather/message?s=1"),
            "/message?s=1",
        );
        check(under, "message?s=1", None, "/message?s=1");
        check(under, "./message?s=1", None, "/message?s=1");
        check(
            under,
            "../message?s=1",
            Some("/weather/message?s=1"),
            "/message?s=1",
        );
        check(under, "?s=1", None, "/sse?s=1");

        let same = ("/sse", "http://10.0.0.1:3001/sse", "/sse");
        check(
            same,
            "/message?s=1",
            Some("/sse/message?s=1"),
            "/message?s=1",
        );
        check(same, "/sse?s=1", None, "/sse?s=1");

        let whole = ("/", "http://10.0.0.1:3001", "/sse");
        check(whole, "/message?s=1", None, "/message?s=1");
        check(
            whole,
            "http://10.0.0.1:3001/message",
            Some("https://mcp.example.com/message"),
            "/message",
        );
    }
}
