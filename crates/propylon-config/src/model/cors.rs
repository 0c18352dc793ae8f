//! Which web pages may call a route: the origins a browser names, and how long it may remember the answer.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What browsers are told of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Pages that are let in, beside those of the route's own origin; at least one.
    pub origins: Vec<Origin>,
    /// How long a browser may remember the answer to a preflight; zero is not at all.
    pub max_age: Duration,
}

impl Cors {
    /// Seconds for which browsers remember an answer when the file says nothing: the most that Chromium does.
    pub const MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

    /// These origins, with every other value at its default.
    pub fn of(origins: Vec<Origin>) -> Self {
        Cors {
            origins,
            max_age: Cors::MAX_AGE,
        }
    }
}

/// Where a page comes from, as its browser writes it in `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `*`: every page, opaque origins included.
    Any,
    /// `null`: pages that have no origin of their own, such as files and sandboxed frames.
    Opaque,
    /// `scheme://host[:port]`: lowercase, without the scheme's default port.
    Site(String),
}

/// Why a text names no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// There is no `scheme://` before the host.
    #[error("it has no scheme")]
    Scheme,
    /// Something follows host and port, or there is no host.
    #[error("it is more, or less, than a scheme, a host and a port")]
    Site,
    /// A `*` within an origin: origins are compared whole.
    #[error("a `*` stands for every origin or for none")]
    Wildcard,
}

impl Origin {
    /// Whether the value of an `Origin` header names this origin. Case of scheme and host, and the scheme's default
    /// port, make no difference (RFC 6454, 5); everything else does.
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Origin::Any => true,
            Origin::Opaque => value == "null",
            Origin::Site(site) => without_default_port(value).eq_ignore_ascii_case(site),
        }
    }
}

/// The origin without the port that its scheme implies.
pub fn without_default_port(origin: &str) -> &str {
    let implied = match origin.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => ":80",
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => ":443",
        _ => return origin,
    };
    origin.strip_suffix(implied).unwrap_or(origin)
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        match text {
            "*" => return Ok(Origin::Any),
            "null" => return Ok(Origin::Opaque),
            _ => {}
        }
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin::Scheme)?;
        if text.contains('*') {
            return Err(InvalidOrigin::Wildcard);
        }
        let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        if !named {
            return Err(InvalidOrigin::Scheme);
        }
        let is_host = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':')
        };
        let ported = authority.rsplit_once(':').is_none_or(|(host, port)| {
            authority.ends_with(']') || !host.is_empty() && port.parse::<u16>().is_ok()
        });
        if authority.is_empty() || !ported || !authority.bytes().all(is_host) {
            return Err(InvalidOrigin::Site);
        }
        Ok(Origin::Site(
            without_default_port(text).to_ascii_lowercase(),
        ))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Any => "*",
            Origin::Opaque => "null",
            Origin::Site(site) => site,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        let cases: &[(&str, Result<&str, InvalidOrigin>)] = &[
            ("*", Ok("*")),
            ("null", Ok("null")),
            ("https://App.Example.com", Ok("https://app.example.com")),
            ("https://app.example.com:443", Ok("https://app.example.com")),
            ("http://[::1]:80", Ok("http://[::1]")),
            ("http://localhost:5173", Ok("http://localhost:5173")),
            ("https://a:80", Ok("https://a:80")),
            ("chrome-extension://abcdef", Ok("chrome-extension://abcdef")),
            ("app.example.com", Err(InvalidOrigin::Scheme)),
            ("://a", Err(InvalidOrigin::Scheme)),
            ("https://", Err(InvalidOrigin::Site)),
            ("https://a/", Err(InvalidOrigin::Site)),
            ("https://a:b", Err(InvalidOrigin::Site)),
            ("https://:1", Err(InvalidOrigin::Site)),
            ("https://u@a", Err(InvalidOrigin::Site)),
            ("https://*.a", Err(InvalidOrigin::Wildcard)),
        ];
        for (text, expected) in cases {
            let parsed = text.parse::<Origin>().map(|origin| origin.to_string());
            assert_eq!(
                parsed.as_deref(),
                expected.as_ref().map(|text| *text),
                "{text}"
            );
        }
    }

    #[test]
    fn only_the_whole_origin_matches() {
        let listed: Origin = "https://app.example.com".parse().unwrap();
        for (value, expected) in [
            ("https://app.example.com", true),
            ("HTTPS://APP.example.com:443", true),
            ("http://app.example.com", false),
            ("https://app.example.com:444", false),
            ("https://app.example.com.evil.example", false),
            ("https://evil-app.example.com", false),
            ("https://app.example.com/", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(listed.matches(value), expected, "{value}");
        }
        assert!(Origin::Any.matches("null") && Origin::Opaque.matches("null"));
        assert!(!Origin::Opaque.matches("https://null"));
    }
}
