//! Browsers: which pages may call a route, and what their browsers are told of it (Fetch standard, CORS protocol).
//!
//! A page whose name was made to point at this machine (DNS rebinding) has the origin of its own `Host`. So an origin
//! that equals the host asked for counts only where that host cannot be anybody's: a name the route is for, a literal
//! address, or `localhost`.

use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use propylon_config::{Cors, Origin, without_default_port};

use super::forwarded::Client;
use super::route::{Route, Wanted};
use crate::error::ProxyError;
use crate::http1::field::{Field, elements};
use crate::http1::head::RequestHead;
use crate::http1::lines::Line;
use crate::reason::Reason;

/// What the answer tells a browser about itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// That it would be another one for a page of another origin.
    Varying,
    /// That any page may read it,
    ToAnyone,
    /// or pages of this origin.
    To(Box<str>),
}

/// A question a browser asks before it sends what a page wants.
#[derive(Debug)]
pub(crate) struct Preflight {
    shown: Shown,
    /// The names of the headers the page wants to send.
    headers: Vec<u8>,
    max_age: Duration,
}

/// What a page may send besides what it asks for: the headers of both eras.
const ALLOWED: &str = "Accept, Authorization, Content-Type, Last-Event-ID, Mcp-Method, Mcp-Name, \
     MCP-Protocol-Version, Mcp-Session-Id, traceparent, tracestate, baggage";

/// What a page may read of an answer, besides what every page may.
const EXPOSED: &str = "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After, X-Request-Id, \
     Propylon-Reason, Propylon-Cache";

/// Lets a request through if no page sent it, or one that may; says what the answer must tell its browser.
pub(crate) fn admit(
    request: &RequestHead,
    wanted: Wanted<'_>,
    client: &Client,
    route: &Route,
    is_local_listener: impl FnOnce() -> bool,
) -> Result<Option<Shown>, ProxyError> {
    let cors = route.cors.as_ref();
    let anyone = || cors.is_some_and(|cors| cors.origins.contains(&Origin::Any));
    let mut origins = request.lines.all(request.head(), Field::Origin);
    let Some(origin) = origins.next() else {
        return Ok((cors.is_some() && !anyone()).then_some(Shown::Varying));
    };
    let refused = |why| Err(ProxyError::found(Reason::OriginRefused, why));
    if origins.next().is_some() {
        return refused("more than one Origin");
    }
    let Ok(origin) = std::str::from_utf8(origin) else {
        return refused("an Origin that is not text");
    };
    if anyone() {
        return Ok(Some(Shown::ToAnyone));
    }
    let listed = |cors: &Cors| cors.origins.iter().any(|known| known.matches(origin));
    let outside = client.host(request, wanted.authority);
    let is_let_in = cors.is_some_and(listed)
        || is_own(origin, client.scheme(request), outside, route)
        || is_local(origin, outside) && is_local_listener();
    if !is_let_in {
        return refused("the page is of another origin");
    }
    Ok(Some(Shown::To(origin.into())))
}

/// Whether the page comes from where it calls, under a name that only this route has.
fn is_own(origin: &str, scheme: &str, outside: &str, route: &Route) -> bool {
    let own = format!("{scheme}://{outside}");
    without_default_port(origin).eq_ignore_ascii_case(without_default_port(&own))
        && (route.names_host(host_of(outside)) || is_nobodys_name(host_of(outside)))
}

/// Whether page and address asked for are both this machine's own, on any port.
fn is_local(origin: &str, outside: &str) -> bool {
    let site = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    site.is_some_and(|site| is_loopback(host_of(site))) && is_loopback(host_of(outside))
}

fn is_loopback(host: &str) -> bool {
    is_localhost(host) || address(host).is_some_and(|address| address.is_loopback())
}

/// A literal address, or a name that no DNS server is asked for.
fn is_nobodys_name(host: &str) -> bool {
    is_localhost(host) || address(host).is_some()
}

fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

fn address(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, _)) if !authority.ends_with(']') => host,
        _ => authority,
    }
}

impl Preflight {
    /// The preflight that a request is, if it is one and came from a page that may ask.
    pub(crate) fn of(
        request: &RequestHead,
        shown: &mut Option<Shown>,
        route: &Route,
    ) -> Option<Self> {
        let asks = request.method() == "OPTIONS"
            && request.lines.has(Field::AccessControlRequestMethod)
            && matches!(shown, Some(Shown::ToAnyone | Shown::To(_)));
        if !asks {
            return None;
        }
        let mut headers = Vec::new();
        let asked = request
            .lines
            .all(request.head(), Field::AccessControlRequestHeaders);
        for name in asked.flat_map(elements).filter(|name| may_be_sent(name)) {
            headers.extend_from_slice(b", ");
            headers.extend_from_slice(name);
        }
        let max_age = route
            .cors
            .as_ref()
            .map_or(Cors::MAX_AGE, |cors| cors.max_age);
        Some(Self {
            shown: shown.take()?,
            headers,
            max_age,
        })
    }

    /// The lines of the answer.
    pub(crate) fn lines(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.shown.write_origin(&mut out);
        // Writing to a Vec cannot fail.
        let _ = write!(
            out,
            "Access-Control-Allow-Methods: GET, POST, DELETE, OPTIONS\r\nAccess-Control-Allow-Headers: {ALLOWED}"
        );
        out.extend_from_slice(&self.headers);
        let _ = write!(
            out,
            "\r\nAccess-Control-Max-Age: {}\r\n\
             Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n",
            self.max_age.as_secs()
        );
        out
    }
}

/// Whether a page may send a header of that name: any but those that tell who the client is, which would not be passed
/// on anyway.
fn may_be_sent(name: &[u8]) -> bool {
    let token = name
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte));
    let field = Field::of(name);
    token
        && name != b"*"
        && !field.is_ours()
        && !field.is_hop_by_hop()
        && field != Field::ClientClaim
}

impl Shown {
    /// Whether a line of the server's answer is replaced by ours. What it exposes besides adds to that.
    pub(crate) fn replaces(&self, line: Line, head: &[u8]) -> bool {
        let name = line.name(head);
        *self != Self::Varying
            && name
                .get(..15)
                .is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"access-control-"))
            && !name.eq_ignore_ascii_case(b"access-control-expose-headers")
    }

    /// Writes the lines of an answer.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if *self != Self::Varying {
            self.write_origin(out);
            // Writing to a Vec cannot fail.
            let _ = write!(out, "Access-Control-Expose-Headers: {EXPOSED}\r\n");
        }
        if *self != Self::ToAnyone {
            out.extend_from_slice(b"Vary: Origin\r\n");
        }
    }

    fn write_origin(&self, out: &mut Vec<u8>) {
        let origin = match self {
            Self::Varying => return,
            Self::ToAnyone => "*",
            Self::To(origin) => origin,
        };
        // Writing to a Vec cannot fail.
        let _ = write!(out, "Access-Control-Allow-Origin: {origin}\r\n");
    }
}

#[cfg(test)]
mod tests;
