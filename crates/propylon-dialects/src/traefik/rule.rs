//! The rules of routers: which requests each takes, and which it takes before others.

use crate::spelling::host_pattern;
use crate::way::{RESOURCE_METADATA, Way};

/// Which of a way's requests a router is for, the first to be tried last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The prefix and more.
    Below,
    /// The prefix alone.
    Endpoint,
    /// Either, from a page of another origin.
    Foreign,
    /// The well-known path without one behind it.
    OnlyMetadata,
    /// The well-known path of the route.
    Metadata,
}

impl Kind {
    /// The end of the router's name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Kind::Below => "below",
            Kind::Endpoint => "endpoint",
            Kind::Foreign => "foreign",
            Kind::OnlyMetadata => "only-metadata",
            Kind::Metadata => "metadata",
        }
    }
}

/// Routers of one way have so many places among those of others.
const PLACES: usize = 10;

/// A higher one is tried before: the most specific way first, and within it the later kinds.
pub(super) fn priority(kind: Kind, number: usize, ways: usize) -> usize {
    let place = match kind {
        Kind::Below => 1,
        Kind::Endpoint => 2,
        Kind::Foreign => 3,
        Kind::OnlyMetadata => 4,
        Kind::Metadata => 5,
    };
    let own = ways.saturating_sub(number) * PLACES + place;
    // Every way's metadata comes before the paths of any, which may be all paths of a host.
    if kind >= Kind::OnlyMetadata {
        (ways + 1) * PLACES + own
    } else {
        own
    }
}

/// The rule of a way's router.
pub(super) fn of(way: &Way<'_>, kind: Kind, host: Option<&str>, allowed: &[String]) -> String {
    let paths = match kind {
        Kind::Below => below(way.prefix),
        Kind::Endpoint => endpoint(way.prefix),
        Kind::Foreign => format!(
            "({} || {}) && HeaderRegexp(`Origin`, `.`){}",
            endpoint(way.prefix),
            below(way.prefix),
            allowed
                .iter()
                .map(|origin| format!(" && !Header(`Origin`, `{origin}`)"))
                .collect::<String>()
        ),
        Kind::OnlyMetadata => format!("Path(`{RESOURCE_METADATA}`)"),
        Kind::Metadata if way.prefix.is_empty() => below(RESOURCE_METADATA),
        Kind::Metadata => {
            let path = way.metadata_prefix();
            format!("(Path(`{path}`) || {})", below(&path))
        }
    };
    match host {
        None => paths,
        Some(host) if host.starts_with("*.") => {
            format!("HostRegexp(`{}`) && {paths}", host_pattern(host))
        }
        Some(host) => format!("Host(`{host}`) && {paths}"),
    }
}

fn below(prefix: &str) -> String {
    format!("PathPrefix(`{prefix}/`)")
}

fn endpoint(prefix: &str) -> String {
    if prefix.is_empty() {
        "Path(`/`)".to_owned()
    } else {
        format!("(Path(`{prefix}`) || Path(`{prefix}/`))")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_comes_first_and_specific_ways_before_others() {
        assert!(priority(Kind::Metadata, 2, 3) > priority(Kind::Foreign, 0, 3));
        assert!(priority(Kind::Below, 0, 3) > priority(Kind::Foreign, 1, 3));
        assert!(priority(Kind::Foreign, 1, 3) > priority(Kind::Endpoint, 1, 3));
        assert!(priority(Kind::Below, 2, 3) > 0);
    }
}
