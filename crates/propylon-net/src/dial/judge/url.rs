//! The URL a user gave: one reading, or none.

use std::net::IpAddr;

use url::{Host, Url};

use super::names::judge_name;
use super::policy::{Policy, Refusal, Rule};

/// Where a judged URL points. Its name has been judged, its address has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Whether it is `https`.
    pub is_https: bool,
    /// The host.
    pub host: SiteHost,
    /// The port, the scheme's own where the URL names none.
    pub port: u16,
    /// The URL in its one canonical spelling.
    pub url: String,
    /// Whether the operator's allow list names the host.
    pub is_name_allowed: bool,
}

/// A host in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteHost {
    /// An address.
    Ip(IpAddr),
    /// A name: lower-case ASCII, without a trailing dot.
    Name(String),
}

/// The longest URL that is read at all.
const URL_BYTES_MAX: usize = 2048;

/// Reads and judges a URL that a user gave.
///
/// Libraries disagree about what odd spellings mean, and the disagreement is the attack: so whatever is not the
/// canonical spelling of a host is refused rather than repaired.
///
/// # Errors
/// The rule that refuses it.
pub fn judge_url(text: &str, policy: &Policy) -> Result<Site, Refusal> {
    let authority = plain_authority(text)?;
    let url = Url::parse(text).map_err(|error| spelling(format!("it is not a URL: {error}")))?;
    let is_https = match url.scheme() {
        "https" => true,
        "http" if policy.allow_http => false,
        scheme => {
            let what = format!("its scheme is {scheme}, and only https is let through");
            return Err(Refusal::new(Rule::Scheme, what, "policy"));
        }
    };
    let port = url.port_or_known_default().unwrap_or_default();
    if !policy.ports.contains(&port) {
        let ports = policy.ports.iter().map(u16::to_string).collect::<Vec<_>>();
        let what = format!("port {port} is not one of {}", ports.join(", "));
        return Err(Refusal::new(Rule::Port, what, "policy"));
    }
    let host = canonical_host(&url, host_of(authority))?;
    let is_name_allowed = match &host {
        SiteHost::Name(name) => {
            judge_name(name, policy)?;
            policy.allow.name(name).is_some()
        }
        SiteHost::Ip(_) => false,
    };
    Ok(Site {
        is_https,
        host,
        port,
        url: url.into(),
        is_name_allowed,
    })
}

/// The text between `//` and the path, if nothing in the URL can be read in two ways.
fn plain_authority(text: &str) -> Result<&str, Refusal> {
    if text.len() > URL_BYTES_MAX {
        return Err(spelling(format!("it is longer than {URL_BYTES_MAX} bytes")));
    }
    if let Some(found) = text.chars().find(|c| is_odd(*c)) {
        let code = u32::from(found);
        return Err(spelling(format!(
            "it has U+{code:04X} in it, which readers treat differently"
        )));
    }
    if text.contains('#') {
        return Err(Refusal::new(
            Rule::Fragment,
            "it carries a fragment",
            "policy",
        ));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(spelling("it does not start with https://".to_owned()));
    };
    if !scheme.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(spelling("its scheme is not a word".to_owned()));
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    if authority.is_empty() {
        // The standard skips any number of slashes, so what looks like a path would be the authority.
        return Err(spelling(
            "it has no host between // and the path".to_owned(),
        ));
    }
    if authority.contains('@') {
        let what = "it carries a user name or password";
        return Err(Refusal::new(Rule::Userinfo, what, "policy"));
    }
    if authority.contains('%') {
        return Err(spelling("its host has a percent sign in it".to_owned()));
    }
    Ok(authority)
}

/// Characters that readers treat differently.
pub(super) fn is_odd(c: char) -> bool {
    c.is_control() || c.is_whitespace() || is_invisible(c) || c == '\\'
}

/// Characters that are not seen, or that turn the direction of what is seen.
fn is_invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
            | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0xe0000..=0xe0fff
    )
}

fn host_of(authority: &str) -> &str {
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    match authority
        .get(after_brackets..)
        .and_then(|rest| rest.find(':'))
    {
        Some(colon) => authority.get(..after_brackets + colon).unwrap_or_default(),
        None => authority,
    }
}

/// The host as the standard reads it, provided that it was written that way.
fn canonical_host(url: &Url, written: &str) -> Result<SiteHost, Refusal> {
    match url.host() {
        Some(Host::Ipv4(address)) if address.to_string() == written => {
            Ok(SiteHost::Ip(address.into()))
        }
        Some(Host::Ipv4(address)) => Err(spelling(format!(
            "its host `{written}` is a disguise of {address}"
        ))),
        Some(Host::Ipv6(address)) => Ok(SiteHost::Ip(address.into())),
        Some(Host::Domain(name)) => canonical_name(name, written),
        None => Err(spelling("it has no host".to_owned())),
    }
}

fn canonical_name(name: &str, written: &str) -> Result<SiteHost, Refusal> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let written = written.strip_suffix('.').unwrap_or(written);
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(label_fits) {
        return Err(spelling(format!("its host `{written}` is not a DNS name")));
    }
    // A letter of another script that the standard maps to plain ASCII, such as a full-width digit, says one thing to
    // the eye and another to the resolver.
    let is_plain = name.eq_ignore_ascii_case(written);
    if !is_plain && !has_international_label(name) {
        return Err(spelling(format!(
            "its host `{written}` is a disguise of {name}"
        )));
    }
    Ok(SiteHost::Name(name.to_owned()))
}

fn has_international_label(name: &str) -> bool {
    name.split('.').any(|label| label.starts_with("xn--"))
}

fn spelling(what: String) -> Refusal {
    Refusal::new(Rule::Spelling, what, "RFC 3986")
}
