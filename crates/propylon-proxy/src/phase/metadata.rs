//! OAuth metadata behind a prefix: its paths, and, where the route asks for it, the outside's own URLs in it.
//!
//! A resource's metadata must name the very URL its client called (RFC 9728, 3.3), which a server behind a prefix cannot
//! know.

use propylon_mcp::peek::members::{members, text};

use super::location::Sides;
use super::route::Route;

/// Where metadata stands, with the path of what it is about behind it (RFC 9728, 3.1; RFC 8414, 3.1).
const WELL_KNOWN: [&str; 3] = [
    RESOURCE,
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
];
const RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// The largest metadata that is rewritten; a longer one passes as it is.
pub(crate) const BYTES_MAX: usize = 64 * 1024;

/// The path of metadata, taken apart: what kind, and the path of what it is about.
pub(crate) fn split(path: &str) -> Option<(&'static str, &str)> {
    WELL_KNOWN.into_iter().find_map(|known| {
        let rest = path.strip_prefix(known)?;
        (rest.is_empty() || rest.starts_with('/')).then_some((known, rest))
    })
}

/// Whether this is where a protected resource is described.
pub(crate) fn is_of_resource(path: &str) -> bool {
    split(path).is_some_and(|(known, _)| known == RESOURCE)
}

/// The metadata as its client must see it: `resource` is the outside's. Every other byte stays; `None` where none changes.
pub(crate) fn document(json: &str, sides: &Sides<'_>) -> Option<String> {
    let mut found = None;
    let mut all = members(json);
    for (name, value) in all.by_ref() {
        if name == "resource" {
            found = Some(value);
        }
    }
    let value = found.filter(|_| all.is_whole())?;
    let resource = text(value)?;
    let shown = outside(&resource, sides)?;
    let start = (value.as_ptr() as usize).checked_sub(json.as_ptr() as usize)?;
    let (before, rest) = json.split_at_checked(start)?;
    let after = rest.get(value.len()..)?;
    Some(format!("{before}\"{shown}\"{after}"))
}

/// A challenge as its client must see it: `resource_metadata` is the outside's. `None` where nothing changes.
pub(crate) fn challenge(value: &str, sides: &Sides<'_>) -> Option<String> {
    const NAME: &str = "resource_metadata";
    let lower = value.to_ascii_lowercase();
    let (at, _) = lower.match_indices(NAME).find(|(at, _)| {
        let before = lower.get(..*at).unwrap_or_default();
        before.ends_with([' ', ',', '\t'])
    })?;
    let (before, rest) = value.split_at_checked(at + NAME.len())?;
    let unspaced = rest.trim_start().strip_prefix('=')?.trim_start();
    let quoted = unspaced.strip_prefix('"')?;
    let (url, after) = quoted.split_once('"')?;
    let (scheme, path) = url_path(url)?;
    debug_assert!(scheme.starts_with("http"));
    let shown = match split(path) {
        Some((known, resource)) => {
            format!(
                "{}{known}{}",
                origin(sides),
                resource_path(resource, sides.route)
            )
        }
        None => format!("{}{}", origin(sides), sides.route.map_back(path)?),
    };
    (shown != url).then(|| format!("{before}=\"{shown}\"{after}"))
}

/// The outside's URL of a resource.
fn outside(resource: &str, sides: &Sides<'_>) -> Option<String> {
    let (_, path) = url_path(resource)?;
    let shown = format!("{}{}", origin(sides), resource_path(path, sides.route));
    let is_plain = shown
        .bytes()
        .all(|byte| byte > b' ' && !matches!(byte, b'"' | b'\\'));
    (is_plain && shown != resource).then_some(shown)
}

/// The outside path of a resource: what its server calls itself by, or the whole of the route.
fn resource_path(path: &str, route: &Route) -> String {
    match path {
        "" | "/" => route.prefix().to_owned(),
        path if route.map_back(path).is_none() && route.covers(path) => path.to_owned(),
        path => route
            .map_back(path)
            .unwrap_or_else(|| route.prefix().to_owned()),
    }
}

fn origin(sides: &Sides<'_>) -> String {
    format!("{}://{}", sides.scheme, sides.host)
}

/// Scheme and path of an absolute http URL, query and fragment included.
fn url_path(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let path = rest.get(rest.find(['/', '?', '#']).unwrap_or(rest.len())..)?;
    is_http.then_some((scheme, path))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::upstream::Upstream;

    fn with_sides(check: impl FnOnce(&Sides<'_>)) {
        let endpoints =
            propylon_config::Endpoints::Urls(vec!["http://10.0.0.1:3001/mcp".parse().unwrap()]);
        let upstream = Upstream::new(propylon_config::Upstream::new("weather", endpoints), None);
        let config = propylon_config::Route::to("weather", "/weather");
        let route = Route::new(&config, Arc::new(upstream.unwrap()), Arc::default());
        check(&Sides {
            route: &route,
            inside: ["10.0.0.1:3001", "mcp.example.com"],
            scheme: "https",
            host: "mcp.example.com",
        });
    }

    #[test]
    fn the_resource_is_what_its_client_called() {
        let cases: &[(&str, Option<&str>)] = &[
            (
                "{ \"resource\" : \"http://10.0.0.1:3001/mcp\",\"x\":1.50}\n",
                Some("{ \"resource\" : \"https://mcp.example.com/weather\",\"x\":1.50}\n"),
            ),
            (
                r#"{"resource":"http:\/\/localhost:3001\/mcp\/a"}"#,
                Some(r#"{"resource":"https://mcp.example.com/weather/a"}"#),
            ),
            (
                r#"{"resource":"http://a","resource":"http://b/"}"#,
                Some(r#"{"resource":"http://a","resource":"https://mcp.example.com/weather"}"#),
            ),
            (r#"{"resource":"https://mcp.example.com/weather"}"#, None),
            (r#"{"inner":{"resource":"http://a"}}"#, None),
            (r#"{"resource":"urn:a"}"#, None),
            (r#"{"resource":7}"#, None),
            (r#"{"resource":"http://a""#, None),
            ("<html>", None),
        ];
        with_sides(|sides| {
            for (json, expected) in cases {
                // What already is the outside's is kept, though its path has the outside's prefix.
                assert_eq!(document(json, sides).as_deref(), *expected, "{json}");
            }
        });
    }

    #[test]
    fn a_challenge_leads_to_the_outside() {
        let known = "/.well-known/oauth-protected-resource";
        let cases = [
            (
                format!(
                    "Bearer error=\"invalid_token\", resource_metadata=\"http://10.0.0.1:3001{known}/mcp\", scope=\"a\""
                ),
                Some(format!(
                    "Bearer error=\"invalid_token\", resource_metadata=\"https://mcp.example.com{known}/weather\", scope=\"a\""
                )),
            ),
            (
                format!("Bearer Resource_Metadata = \"http://x{known}\""),
                Some(format!(
                    "Bearer Resource_Metadata=\"https://mcp.example.com{known}/weather\""
                )),
            ),
            (
                format!("Bearer resource_metadata=\"https://mcp.example.com{known}/weather\""),
                None,
            ),
            (
                "Bearer resource_metadata=\"http://x/elsewhere\"".into(),
                None,
            ),
            ("Bearer realm=\"a\"".into(), None),
            ("Bearer my_resource_metadata=\"http://x/mcp\"".into(), None),
            ("Bearer resource_metadata=unquoted".into(), None),
        ];
        with_sides(|sides| {
            for (value, expected) in cases {
                assert_eq!(challenge(&value, sides), expected, "{value}");
            }
        });
    }

    #[test]
    fn metadata_is_known_by_its_path() {
        let resource = "/.well-known/oauth-protected-resource";
        assert_eq!(split(&format!("{resource}/a/b")), Some((resource, "/a/b")));
        assert_eq!(
            split("/.well-known/openid-configuration"),
            Some(("/.well-known/openid-configuration", ""))
        );
        assert_eq!(split("/.well-known/oauth-protected-resources"), None);
        assert!(is_of_resource(resource) && !is_of_resource("/.well-known/openid-configuration/a"));
    }
}
