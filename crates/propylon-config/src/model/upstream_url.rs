//! The URL of an instance: scheme, host, port and the path of its MCP endpoint, and nothing else.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// An instance's MCP endpoint. Never carries userinfo, a query or a fragment, so it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UpstreamUrl {
    /// How to talk to it.
    pub scheme: Scheme,
    /// Where it is.
    pub host: UrlHost,
    /// The scheme's own port when the URL names none.
    pub port: u16,
    /// Starts with `/`, and keeps the trailing one it was written with; empty when the URL names none.
    pub path: String,
}

/// How to talk to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

/// Where an instance is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UrlHost {
    /// An address, brackets removed.
    Ip(IpAddr),
    /// A DNS name, lowercase.
    Name(String),
}

/// Why a text is not an instance's URL; each says what to write instead.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// No `http://` or `https://` in front.
    #[error("it does not start with http:// or https://")]
    Scheme,
    /// `user:password@` in front of the host.
    #[error("it carries a user name or password; leave them out")]
    Userinfo,
    /// `?…` behind the path.
    #[error("it carries a query; leave it out")]
    Query,
    /// `#…` behind the path.
    #[error("it carries a fragment; leave it out")]
    Fragment,
    /// No host, or one that is neither a name nor an address.
    #[error("its host is neither a name nor an address")]
    Host,
    /// A port that is not 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// A path with characters or segments no path has.
    #[error("its path has a space, a control character, `//`, `.` or `..` in it")]
    Path,
}

impl Scheme {
    /// The port a URL of this scheme means when it names none.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }

    /// The scheme's name, without `://`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

impl UpstreamUrl {
    /// `scheme://host[:port]`, the port left out where it is the scheme's own.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.authority())
    }

    /// `host[:port]` as a `Host` header has it.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Whether traffic to it stays on this machine: a loopback address or a `localhost` name.
    pub fn is_local(&self) -> bool {
        match &self.host {
            UrlHost::Ip(address) => address.to_canonical().is_loopback(),
            UrlHost::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

impl fmt::Display for UrlHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlHost::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            UrlHost::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            UrlHost::Name(name) => f.write_str(name),
        }
    }
}

impl FromStr for UpstreamUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let (scheme, rest) = split_scheme(text).ok_or(InvalidUrl::Scheme)?;
        if rest.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        if rest.contains('?') {
            return Err(InvalidUrl::Query);
        }
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(InvalidUrl::Userinfo);
        }
        let (host, port) = split_port(authority)?;
        Ok(UpstreamUrl {
            scheme,
            host: parse_host(host)?,
            port: port.unwrap_or(scheme.default_port()),
            path: parse_path(path)?,
        })
    }
}

fn split_scheme(text: &str) -> Option<(Scheme, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    if scheme.eq_ignore_ascii_case("http") {
        Some((Scheme::Http, rest))
    } else if scheme.eq_ignore_ascii_case("https") {
        Some((Scheme::Https, rest))
    } else {
        None
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidUrl> {
    // Inside brackets colons belong to the address.
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    let Some(colon) = authority
        .rfind(':')
        .filter(|colon| *colon >= after_brackets)
    else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(colon);
    let digits = port.trim_start_matches(':');
    match digits.parse::<u16>() {
        Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Ok((host, Some(port)))
        }
        _ => Err(InvalidUrl::Port),
    }
}

fn parse_host(text: &str) -> Result<UrlHost, InvalidUrl> {
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return match inner.parse::<Ipv6Addr>() {
            Ok(address) => Ok(UrlHost::Ip(address.into())),
            Err(_) => Err(InvalidUrl::Host),
        };
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(UrlHost::Ip(address.into()));
    }
    if is_name(text) {
        Ok(UrlHost::Name(text.to_ascii_lowercase()))
    } else {
        Err(InvalidUrl::Host)
    }
}

/// A DNS name as deployments use them: underscores allowed (SRV and Compose names), and never one that a resolver
/// could take for a number, such as `127.1` or `0x7f000001`.
pub(crate) fn is_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last.get(..2).is_some_and(|p| p.eq_ignore_ascii_case("0x"));
    name.len() <= 253 && name.split('.').all(label_fits) && !numeric
}

fn parse_path(text: &str) -> Result<String, InvalidUrl> {
    let path = text.strip_suffix('/').unwrap_or(text);
    if path.is_empty() {
        Ok(String::new())
    } else if is_path(path) {
        // A server mounted at `/mcp/` answers `/mcp` with a redirect: the slash is part of where it is.
        Ok(text.to_owned())
    } else {
        Err(InvalidUrl::Path)
    }
}

/// An absolute path without empty or dot segments, in visible ASCII, and neither query nor fragment.
pub(crate) fn is_path(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."))
    }) && path
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, InvalidUrl>) {
        let shown = text.parse::<UpstreamUrl>().map(|url| url.to_string());
        assert_eq!(shown, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn urls_read_as_written() {
        for (text, expected) in [
            ("http://127.0.0.1:3001/mcp", "http://127.0.0.1:3001/mcp"),
            (
                "HTTP://Weather.Internal/MCP/",
                "http://weather.internal/MCP/",
            ),
            ("http://h", "http://h"),
            ("http://h/", "http://h"),
            ("http://h:80/a/b%20c", "http://h/a/b%20c"),
            ("https://h:443", "https://h"),
            ("https://h:80", "https://h:80"),
            ("http://[::1]:3001/mcp", "http://[::1]:3001/mcp"),
            ("http://[0:0::1]", "http://[::1]"),
            (
                "http://_mcp._tcp.tickets.internal/mcp",
                "http://_mcp._tcp.tickets.internal/mcp",
            ),
            ("http://my_service:3001", "http://my_service:3001"),
        ] {
            check(text, Ok(expected));
        }
    }

    #[test]
    fn urls_that_could_mean_another_place_are_refused() {
        for (text, expected) in [
            ("127.0.0.1:3001", InvalidUrl::Scheme),
            ("ftp://h", InvalidUrl::Scheme),
            (" http://h", InvalidUrl::Scheme),
            ("http://u@h", InvalidUrl::Userinfo),
            ("http://u:p@h/mcp", InvalidUrl::Userinfo),
            ("http://h/mcp?k=v", InvalidUrl::Query),
            ("http://h?k=v", InvalidUrl::Query),
            ("http://h/mcp#f", InvalidUrl::Fragment),
            ("http://", InvalidUrl::Host),
            ("http:///mcp", InvalidUrl::Host),
            ("http://127.1/", InvalidUrl::Host),
            ("http://2130706433/", InvalidUrl::Host),
            ("http://0x7f.0.0.0x1/", InvalidUrl::Host),
            ("http://0177.0.0.1/", InvalidUrl::Host),
            ("http://[127.0.0.1]/", InvalidUrl::Host),
            ("http://[fe80::1%25eth0]/", InvalidUrl::Host),
            ("http://::1/", InvalidUrl::Host),
            ("http://-h/", InvalidUrl::Host),
            ("http://a..b/", InvalidUrl::Host),
            ("http://h h/", InvalidUrl::Host),
            ("http://bücher.example/", InvalidUrl::Host),
            ("http://h:/", InvalidUrl::Port),
            ("http://h:0/", InvalidUrl::Port),
            ("http://h:+80/", InvalidUrl::Port),
            ("http://h:65536/", InvalidUrl::Port),
            ("http://h//mcp", InvalidUrl::Path),
            ("http://h/a/../mcp", InvalidUrl::Path),
            ("http://h/a b", InvalidUrl::Path),
            ("http://h/a\\b", InvalidUrl::Path),
            ("http://h/é", InvalidUrl::Path),
        ] {
            check(text, Err(expected));
        }
    }

    #[test]
    fn an_origin_has_no_default_port_and_no_path() {
        let origin = |text: &str| text.parse::<UpstreamUrl>().map(|url| url.origin());
        assert_eq!(origin("http://H:80/mcp"), Ok("http://h".to_owned()));
        assert_eq!(origin("http://h:81/mcp"), Ok("http://h:81".to_owned()));
        assert_eq!(
            origin("https://[::1]:443/mcp"),
            Ok("https://[::1]".to_owned())
        );
    }

    #[test]
    fn only_loopback_is_local() {
        for (text, expected) in [
            ("http://127.8.9.1", true),
            ("http://[::1]", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost", true),
            ("http://a.localhost", true),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://localhost.example.com", false),
        ] {
            let local = text.parse::<UpstreamUrl>().map(|url| url.is_local());
            assert_eq!(local, Ok(expected), "{text}");
        }
    }
}
