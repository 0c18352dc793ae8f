//! What a user says of a server: each part read before it counts.

use std::collections::BTreeSet;
use std::fmt;

use propylon_config::{InvalidUrl, SpkiPin, UpstreamUrl, UrlHost};
use propylon_net::dial::judge::{Site, SiteHost};

use super::id::BackendId;
use crate::http1::field::Field;

/// One registered server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendSpec {
    /// Its tenant and name.
    pub id: BackendId,
    /// Its MCP endpoint, in the one canonical spelling.
    pub url: UpstreamUrl,
    /// What every request to it is given, in place of lines of the same name.
    pub headers: Vec<SecretHeader>,
    /// The tools that may be called; `None` for all.
    pub tools: Option<BTreeSet<String>>,
    /// PEM: the roots that are trusted, and no others.
    pub ca: Option<String>,
    /// Public keys, one of which it must have.
    pub pins: Vec<SpkiPin>,
}

/// A header line whose value is a secret: it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHeader {
    name: Box<str>,
    value: Box<str>,
}

/// A part of a server's description that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSpec(&'static str);

const VALUE_BYTES_MAX: usize = 8192;
const NAME_BYTES_MAX: usize = 128;

impl SecretHeader {
    /// Reads a header line.
    ///
    /// # Errors
    /// A name or value that cannot stand in a request, or that is the proxy's own to write. The value is not named.
    pub fn new(name: &str, value: &str) -> Result<Self, InvalidSpec> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(token) {
            return Err(InvalidSpec("its name is not that of a header field"));
        }
        if is_reserved(name) {
            return Err(InvalidSpec(
                "this field is the connection's, the client's or the proxy's to write",
            ));
        }
        let visible = |byte: u8| byte == b' ' || byte == b'\t' || byte.is_ascii_graphic();
        let is_bounded = (1..=VALUE_BYTES_MAX).contains(&value.len());
        if !is_bounded || value.trim() != value || !value.bytes().all(visible) {
            return Err(InvalidSpec(
                "its value is not 1 to 8192 visible ASCII characters",
            ));
        }
        Ok(Self {
            name: name.into(),
            value: value.into(),
        })
    }

    /// The field's name, as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The secret.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// Whether a line of a request has this name.
    pub(crate) fn is_named(&self, name: &[u8]) -> bool {
        self.name.as_bytes().eq_ignore_ascii_case(name)
    }
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [redacted]", self.name)
    }
}

/// Lines that frame a message, say who the client is, or belong to the protocol.
fn is_reserved(name: &str) -> bool {
    let field = Field::of(name.as_bytes());
    let is_plain = matches!(field, Field::Other | Field::Accept | Field::CacheControl);
    let is_mcp = name
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("mcp-"));
    !is_plain || is_mcp || name.eq_ignore_ascii_case("trailer")
}

/// The URL of a judged site, as an upstream has it.
///
/// # Errors
/// A URL with a query, which no upstream has.
pub fn url_of(site: &Site) -> Result<UpstreamUrl, InvalidUrl> {
    let mut url: UpstreamUrl = site.url.parse()?;
    if let SiteHost::Name(name) = &site.host {
        url.host = UrlHost::Name(name.clone());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::SecretHeader;

    #[test]
    fn a_header_cannot_frame_forge_or_print() {
        let header = SecretHeader::new("Authorization", "Bearer s3cret").unwrap();
        assert_eq!(format!("{header:?}"), "Authorization: [redacted]");
        assert_eq!(header.reveal(), "Bearer s3cret");
        assert!(SecretHeader::new("X-Api-Key", "a b").is_ok());
        for (name, value) in [
            ("Host", "a"),
            ("content-length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close"),
            ("Mcp-Session-Id", "a"),
            ("mcp-param-x", "a"),
            ("X-Forwarded-For", "a"),
            ("x_real_ip", "a"),
            ("Forwarded", "for=a"),
            ("Cookie ", "a"),
            ("", "a"),
            ("A:B", "a"),
            ("A", ""),
            ("A", "a\r\nB: c"),
            ("A", "a\nb"),
            ("A", " a"),
            ("A", "é"),
            ("A", "a\0b"),
        ] {
            assert!(SecretHeader::new(name, value).is_err(), "{name}: {value:?}");
        }
    }
}
