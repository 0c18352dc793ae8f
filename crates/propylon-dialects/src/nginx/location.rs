//! The locations of one route: its endpoint, what is below it, and its metadata.

use propylon_config::{Deployment, HostHeader, Scheme};

use super::abilities::{Abilities, Stickiness};
use super::word::{escaped, quoted, time, variable};
use super::{maps, tls};
use crate::origin::{ALLOWED, EXPOSED};
use crate::text::Text;
use crate::way::{RESOURCE_METADATA, Way, instances};

/// Which of a route's paths a location is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The prefix alone, which is the endpoint.
    Endpoint,
    /// The prefix and more.
    Below,
    /// The same under the well-known path.
    Metadata,
}

/// All locations of a route.
pub(super) fn write(deployment: &Deployment, way: &Way<'_>, abilities: Abilities, text: &mut Text) {
    let place = Place {
        deployment,
        way,
        abilities,
    };
    if !way.prefix.is_empty() {
        place.exact(way.prefix, way.endpoint, Kind::Endpoint, text);
    }
    place.exact(
        &format!("{}/", way.prefix),
        way.endpoint,
        Kind::Endpoint,
        text,
    );
    place.below(way.prefix, way.base, Kind::Below, text);
    let (outside, inside) = (way.metadata_prefix(), way.metadata_base());
    if !way.prefix.is_empty() {
        place.exact(&outside, &inside, Kind::Metadata, text);
    }
    place.below(&outside, &inside, Kind::Metadata, text);
}

/// The metadata without a path behind it, which has but one meaning where one route serves all.
pub(super) fn write_only_metadata(
    deployment: &Deployment,
    way: &Way<'_>,
    abilities: Abilities,
    text: &mut Text,
) {
    let place = Place {
        deployment,
        way,
        abilities,
    };
    place.exact(RESOURCE_METADATA, RESOURCE_METADATA, Kind::Metadata, text);
}

struct Place<'p> {
    deployment: &'p Deployment,
    way: &'p Way<'p>,
    abilities: Abilities,
}

impl Place<'_> {
    /// One path, and what it is on the instance.
    fn exact(&self, outside: &str, inside: &str, kind: Kind, text: &mut Text) {
        let open = format!("location = {} {{", quoted(outside));
        text.block(&open, "}", |text| {
            self.settings(kind, text);
            self.pass(kind, outside, inside, ("^.*$", inside), text);
        });
    }

    /// Everything below a path.
    fn below(&self, outside: &str, inside: &str, kind: Kind, text: &mut Text) {
        let open = format!("location {} {{", quoted(&format!("{outside}/")));
        text.block(&open, "}", |text| {
            self.settings(kind, text);
            let pattern = format!("^{}/(.*)$", escaped(outside));
            let (outside, to) = (format!("{outside}/"), format!("{inside}/$1"));
            self.pass(kind, &outside, &format!("{inside}/"), (&pattern, &to), text);
        });
    }

    fn settings(&self, kind: Kind, text: &mut Text) {
        if kind != Kind::Metadata {
            self.pages(text);
        }
        if let Some(host) = self.host() {
            text.line(format!("set $mcp_host {};", quoted(&host)));
        }
        let timeouts = &self.way.upstream.timeouts;
        text.held(
            format!("proxy_connect_timeout {};", time(timeouts.connect)),
            &["connect-timeout-long"],
        );
        let silence = time(timeouts.response_head.max(timeouts.idle));
        text.held(
            format!("proxy_read_timeout {silence};"),
            &["response-timeout-short", "idle-timeout-short"],
        );
        text.line(format!("proxy_send_timeout {silence};"));
        if self.has_https() {
            tls::upstream(self.way.upstream, text);
        }
    }

    /// What is refused to foreign pages, and what is told to the browsers of those let in.
    fn pages(&self, text: &mut Text) {
        let number = maps::number_of(self.deployment, self.way);
        text.held(
            format!("if ($mcp_foreign_{number}) {{ return 403; }}"),
            &["origin-unchecked"],
        );
        let Some(cors) = &self.way.route.cors else {
            return;
        };
        let shown = format!("add_header Access-Control-Allow-Origin $mcp_page_{number} always;");
        let hidden = &["cors-headers-hidden"];
        text.block("if ($mcp_preflight) {", "}", |text| {
            text.held(&shown, hidden);
            text.line("add_header Access-Control-Allow-Methods \"GET, POST, DELETE, OPTIONS\" always;");
            text.line(format!(
                "add_header Access-Control-Allow-Headers \"{ALLOWED}, $http_access_control_request_headers\" always;"
            ));
            let max_age = cors.max_age.as_secs();
            text.line(format!("add_header Access-Control-Max-Age {max_age} always;"));
            text.line("add_header Vary Origin always;");
            text.line("return 204;");
        });
        text.line("proxy_hide_header Access-Control-Allow-Origin;");
        text.line("proxy_hide_header Access-Control-Allow-Credentials;");
        text.held(&shown, hidden);
        text.held(
            format!("add_header Access-Control-Expose-Headers \"{EXPOSED}\" always;"),
            hidden,
        );
        text.line("add_header Vary Origin always;");
    }

    /// `Host` where it is not the client's.
    fn host(&self) -> Option<String> {
        match &self.way.upstream.host {
            HostHeader::Keep => None,
            HostHeader::Fixed(host) => Some(host.clone()),
            HostHeader::Upstream => instances(self.way.upstream)
                .first()
                .map(|instance| instance.url.authority()),
        }
    }

    fn has_https(&self) -> bool {
        instances(self.way.upstream)
            .first()
            .is_some_and(|instance| instance.url.scheme == Scheme::Https)
    }

    /// The line that passes requests on; with tags, the instance is in the id and the path is rewritten first.
    fn pass(
        &self,
        kind: Kind,
        outside: &str,
        inside: &str,
        rewrite: (&str, &str),
        text: &mut Text,
    ) {
        let scheme = if self.has_https() { "https" } else { "http" };
        let practices: &[&str] = match kind {
            Kind::Metadata => &["auth-metadata-unreachable"],
            Kind::Endpoint | Kind::Below => &["endpoint-unrouted"],
        };
        let name = &self.way.upstream.name;
        if self.abilities.stickiness(self.way.upstream) == Stickiness::Tagged {
            let word = variable(self.deployment, name);
            text.line(format!("set $mcp_session $mcp_{word}_id;"));
            text.line("proxy_hide_header Mcp-Session-Id;");
            text.line(format!(
                "add_header Mcp-Session-Id $mcp_{word}_session always;"
            ));
            if outside != inside {
                let (pattern, to) = (quoted(rewrite.0), quoted(rewrite.1));
                text.line(format!("rewrite {pattern} {to} break;"));
            }
            text.held(format!("proxy_pass {scheme}://$mcp_{word}_to;"), practices);
        } else if outside == inside {
            // Without a path of its own, nginx passes the client's byte for byte.
            text.held(format!("proxy_pass {scheme}://{name};"), practices);
        } else {
            text.held(
                format!("proxy_pass {scheme}://{name}{};", quoted(inside)),
                practices,
            );
        }
    }
}
