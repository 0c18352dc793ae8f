//! `Location`: a redirect within the upstream is shown with the outside's origin and prefix.

use crate::phase::route::Route;

/// The two sides of a redirect.
pub(crate) struct Sides<'a> {
    pub(crate) route: &'a Route,
    /// Origins that mean the upstream itself: the instance's own, and the `Host` it was sent.
    pub(crate) inside: [&'a str; 2],
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
}

/// What the client is shown instead, or nothing where the value is right as it is.
pub(crate) fn outside(value: &str, sides: &Sides<'_>) -> Option<String> {
    let path = inside_path(value, sides)?;
    let mapped = sides
        .route
        .map_back(path)
        .unwrap_or_else(|| path.to_owned());
    let shown = match absolute(value) {
        Some(_) => format!("{}://{}{mapped}", sides.scheme, sides.host),
        None => mapped,
    };
    (shown != value).then_some(shown)
}

/// The path of a redirect that stays within the upstream.
pub(crate) fn inside_path<'v>(value: &'v str, sides: &Sides<'_>) -> Option<&'v str> {
    match absolute(value) {
        Some((authority, path)) => {
            let is_inside = sides
                .inside
                .iter()
                .any(|inside| same_authority(inside, authority));
            is_inside.then_some(path)
        }
        None => (value.starts_with('/') && !value.starts_with("//")).then_some(value),
    }
}

/// Authority and path of an absolute URL; a missing path is `/`.
pub(crate) fn absolute(value: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = value.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Some((authority, if path.is_empty() { "/" } else { path }))
}

fn same_authority(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        text.trim_end_matches(":80")
            .trim_end_matches(":443")
            .to_ascii_lowercase()
    };
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::upstream::Upstream;

    fn check(value: &str, expected: Option<&str>) {
        let endpoints =
            propylon_config::Endpoints::Urls(vec!["http://10.0.0.1:3001/mcp".parse().unwrap()]);
        let upstream = Upstream::new(propylon_config::Upstream::new("weather", endpoints), None);
        let config = propylon_config::Route::to("weather", "/weather");
        let route = Route::new(&config, Arc::new(upstream.unwrap()), Arc::default());
        let sides = Sides {
            route: &route,
            inside: ["10.0.0.1:3001", "mcp.example.com"],
            scheme: "https",
            host: "mcp.example.com",
        };
        assert_eq!(outside(value, &sides).as_deref(), expected, "{value}");
    }

    #[test]
    fn only_the_upstreams_own_origin_is_replaced() {
        check(
            "http://10.0.0.1:3001/mcp/",
            Some("https://mcp.example.com/weather/"),
        );
        check(
            "http://mcp.example.com/mcp/?a=b",
            Some("https://mcp.example.com/weather/?a=b"),
        );
        check(
            "http://10.0.0.1:3001/login",
            Some("https://mcp.example.com/login"),
        );
        check("/mcp/", Some("/weather/"));
        check("/mcpx", None);
        check("https://login.example.com/mcp/", None);
        check("//evil.example/mcp", None);
        check("relative", None);
    }
}
