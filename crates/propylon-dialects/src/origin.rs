//! Which web pages may call a route: those the description lists, and those of where the route itself is reached.

use propylon_config::{Deployment, Origin};

use crate::way::Way;

/// Headers that pages may send, of both eras.
pub(crate) const ALLOWED: &str = "Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Method, Mcp-Name, MCP-Protocol-Version, Mcp-Session-Id, traceparent, tracestate, baggage";
/// Headers of an answer that pages may read.
pub(crate) const EXPOSED: &str =
    "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After, X-Request-Id";

/// The pages that one route lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Every page, whatever its origin.
    pub(crate) is_anyone: bool,
    /// Values of `Origin` that are let in, sorted; `null` may be among them.
    pub(crate) origins: Vec<String>,
}

impl Pages {
    /// Those of a route.
    ///
    /// `serve` knows a route's own origin from the request. A product compares with a list, so the list has the
    /// origins of every address and host the route is reached at.
    pub(crate) fn of(deployment: &Deployment, way: &Way<'_>) -> Self {
        let listed = way.route.cors.iter().flat_map(|cors| &cors.origins);
        let mut origins: Vec<String> = listed
            .clone()
            .filter(|origin| **origin != Origin::Any)
            .map(ToString::to_string)
            .collect();
        origins.extend(own(deployment, way));
        origins.sort();
        origins.dedup();
        Pages {
            is_anyone: listed.into_iter().any(|origin| *origin == Origin::Any),
            origins,
        }
    }
}

fn own(deployment: &Deployment, way: &Way<'_>) -> Vec<String> {
    let mut origins = Vec::new();
    let host = way.route.host.as_deref();
    for listener in &deployment.listeners {
        let (address, port) = (listener.address, listener.address.port());
        match host {
            Some(host) if !host.starts_with("*.") => {
                origins.push(format!("https://{host}"));
                origins.push(format!("http://{host}:{port}"));
            }
            Some(_) => {}
            None => {
                if !address.ip().is_unspecified() {
                    origins.push(format!("http://{address}"));
                }
                if address.ip().is_loopback() {
                    origins.push(format!("http://localhost:{port}"));
                }
            }
        }
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::way::ways;

    #[test]
    fn a_routes_own_origins_and_the_listed_ones() {
        let text = "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ path: /mcp, upstream: a, cors: { origins: ['https://app.example.com'] } }, { host: x.example.com, path: /, upstream: a, cors: { origins: ['*'] } }]\nupstreams: { a: { url: http://127.0.0.1:1/mcp } }\n";
        let loaded = propylon_config::load_str("propylon.yaml", text).unwrap();
        let pages: Vec<_> = ways(&loaded.deployment)
            .iter()
            .map(|way| Pages::of(&loaded.deployment, way))
            .collect();
        assert!(pages[0].is_anyone);
        assert!(!pages[1].is_anyone);
        let expected = [
            "http://127.0.0.1:8080",
            "http://localhost:8080",
            "https://app.example.com",
        ];
        assert_eq!(pages[1].origins, expected);
    }
}
