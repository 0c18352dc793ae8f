//! What a registered server is called: its tenant and its name.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// A tenant and a name, each of lower-case letters, digits and hyphens, so that they stand in a path as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(Box<str>);

/// A text that is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not TENANT/NAME, each a lower-case letter or digit, then up to {} more or hyphens",
    PART_BYTES_MAX - 1
)]
pub struct InvalidId;

const PART_BYTES_MAX: usize = 63;
/// What stands behind tenant and name in the path of a registered server.
const ENDPOINT: &str = "mcp";

impl BackendId {
    /// The id of these two parts.
    ///
    /// # Errors
    /// A part that is none.
    pub fn new(tenant: &str, name: &str) -> Result<Self, InvalidId> {
        if is_part(tenant) && is_part(name) {
            Ok(Self(format!("{tenant}/{name}").into()))
        } else {
            Err(InvalidId)
        }
    }

    /// `TENANT/NAME`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose it is.
    pub fn tenant(&self) -> &str {
        self.0.split_once('/').map_or("", |(tenant, _)| tenant)
    }

    /// What its tenant calls it.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl FromStr for BackendId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (tenant, name) = text.split_once('/').ok_or(InvalidId)?;
        Self::new(tenant, name)
    }
}

impl Borrow<str> for BackendId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this can be a tenant or a name.
fn is_part(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=PART_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
        && text.bytes().next().is_some_and(plain)
}

/// The id within the path of a registered server, `/TENANT/NAME/mcp` and what is below it.
pub(super) fn within(path: &str) -> Option<&str> {
    let inner = path.strip_prefix('/')?;
    let (tenant, rest) = inner.split_once('/')?;
    let (name, rest) = rest.split_once('/')?;
    let end = rest.split('/').next()?;
    let id = inner.get(..tenant.len() + 1 + name.len())?;
    (end == ENDPOINT).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::{BackendId, InvalidId, within};

    #[test]
    fn an_id_stands_in_a_path_as_it_is() {
        let id: BackendId = "acme/weather-2".parse().unwrap();
        assert_eq!((id.tenant(), id.name()), ("acme", "weather-2"));
        assert_eq!(id.to_string(), "acme/weather-2");
        let long = format!("a/{}", "x".repeat(64));
        for text in [
            "",
            "a",
            "a/",
            "/a",
            "a/b/c",
            "A/b",
            "a/b.c",
            "a/../b",
            "-a/b",
            "a/b c",
            "a/é",
            &long,
            ".well-known/x",
        ] {
            assert_eq!(text.parse::<BackendId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn the_id_of_a_path_is_found_without_a_copy() {
        for (path, expected) in [
            ("/acme/weather/mcp", Some("acme/weather")),
            ("/acme/weather/mcp/", Some("acme/weather")),
            ("/acme/weather/mcp/x/y", Some("acme/weather")),
            ("/acme/weather/mcpx", None),
            ("/acme/weather", None),
            ("/acme/mcp", None),
            ("/mcp", None),
            ("//weather/mcp", Some("/weather")),
            ("acme/weather/mcp", None),
        ] {
            assert_eq!(within(path), expected, "{path}");
        }
    }
}
