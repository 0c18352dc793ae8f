//! The URL under test, taken apart into what a client dials, says and asks for.

use std::fmt;
use std::net::IpAddr;

/// An `http` or `https` URL of an MCP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether the scheme is `https`.
    pub is_tls: bool,
    /// The host, lower case, an IPv6 address without its brackets.
    pub host: String,
    /// The port, the scheme's own when the URL names none.
    pub port: u16,
    /// Path and query, as they go on the request line.
    pub target: String,
}

/// A URL that cannot be tested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url} {why}")]
pub struct EndpointError {
    url: String,
    why: &'static str,
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// When the scheme is neither `http` nor `https`, there is no host, the port is no port, or the URL carries a user
    /// name.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let error = |why| EndpointError {
            url: url.to_owned(),
            why,
        };
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| error("has no scheme; write http:// or https://"))?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(error("is neither http nor https")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let cut = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(cut).unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(EndpointError {
                url: "the URL".into(),
                why: "carries a user name; give credentials with --header 'Authorization: …'",
            });
        }
        let target = match target.as_bytes().first() {
            None => "/".to_owned(),
            Some(b'?') => format!("/{target}"),
            Some(_) => target.to_owned(),
        };
        if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(error(
                "has a path with spaces or non-ASCII characters; percent-encode them",
            ));
        }
        let (host, port) = split_port(authority).ok_or_else(|| error("has a port that is none"))?;
        if host.is_empty() {
            return Err(error("has no host"));
        }
        Ok(Self {
            is_tls,
            host: host.to_ascii_lowercase(),
            port: port.unwrap_or(if is_tls { 443 } else { 80 }),
            target,
        })
    }

    /// The host if it is an address.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// What the `Host` header says: the port only when it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    /// `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// Scheme and authority, as in an `Origin` header.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The same server, asked for something else.
    #[must_use]
    pub fn with_target(&self, target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            ..self.clone()
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.target)
    }
}

/// Host and port of an authority; `None` when the port is not a number.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn urls_are_taken_apart() {
        let check = |url: &str, host: &str, port: u16, target: &str, authority: &str| {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!(
                (
                    endpoint.host.as_str(),
                    endpoint.port,
                    endpoint.target.as_str()
                ),
                (host, port, target)
            );
            assert_eq!(endpoint.authority(), authority);
        };
        check("http://a/mcp", "a", 80, "/mcp", "a");
        check(
            "HTTPS://Mcp.Example.com",
            "mcp.example.com",
            443,
            "/",
            "mcp.example.com",
        );
        check("https://a:8443?x=1", "a", 8443, "/?x=1", "a:8443");
        check("http://[::1]:9/m#f", "::1", 9, "/m", "[::1]:9");
        check("https://[::1]/", "::1", 443, "/", "[::1]");
    }

    #[test]
    fn what_cannot_be_tested_is_refused() {
        for url in [
            "mcp",
            "ftp://a/",
            "http://",
            "http://a:x/",
            "http://u:p@a/",
            "http://a/b c",
            "http://[::1/",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
        let error = Endpoint::parse("http://u:secret@a/").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
