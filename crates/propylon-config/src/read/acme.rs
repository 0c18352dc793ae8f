//! Reads how a listener's certificates are obtained.

use crate::kind::Kind;
use crate::model::acme::{Acme, Challenge};
use crate::model::upstream_url::is_name;
use crate::problem::mask_credentials;
use crate::section::{Refusal, Section};

/// The section `acme` of a listener's TLS; `None` where something is missing, which is reported.
pub(super) fn acme(section: Section<'_>) -> Option<Acme> {
    let domains = section.read_list("domains", domain);
    let storage = section.read_file("storage");
    for (key, is_there) in [
        ("domains", section.entry("domains").is_some()),
        ("storage", section.entry("storage").is_some()),
    ] {
        if !is_there {
            section.missing(key);
        }
    }
    let mut challenge = Challenge::default();
    section.choice("challenge", &mut challenge, |word| match word {
        "tls-alpn-01" => Some(Challenge::TlsAlpn01),
        "http-01" => Some(Challenge::Http01),
        _ => None,
    });
    let directory = section.read("directory", directory);
    let contact = section.read("contact", contact);
    let ca = section.read_file("ca").map(|ca| ca.value);
    section.finish();
    Some(Acme {
        directory: directory.map_or_else(|| Acme::DIRECTORY.to_owned(), |url| url.value),
        ca,
        contact: contact.map(|contact| contact.value),
        domains: domains?.into_iter().map(|domain| domain.value).collect(),
        challenge,
        storage: storage?.value,
    })
}

/// A name that an authority can look up: no wildcard, since neither challenge shows that one is ours.
fn domain(text: &str, _: Kind) -> Result<String, Refusal> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.starts_with("*.") {
        return Err(Refusal::default().suggest(
            "list each name: a wildcard takes a DNS challenge, which is for another ACME client; name its files with `certificate` and `key`",
        ));
    }
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    if is_address || !is_name(name) {
        return Err(Refusal::default());
    }
    Ok(name.to_ascii_lowercase())
}

fn directory(text: &str, _: Kind) -> Result<String, Refusal> {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | '#' | '"' | '<' | '>');
    let has_host = rest.split('/').next().is_some_and(|host| !host.is_empty());
    match has_host && rest.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err(Refusal::because(format!(
            "`{}` is no https URL",
            mask_credentials(text)
        ))),
    }
}

fn contact(text: &str, _: Kind) -> Result<String, Refusal> {
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let is_plain = address.chars().all(|c| c.is_ascii_graphic() && c != ',');
    match address.split_once('@') {
        Some((name, host)) if is_plain && !name.is_empty() && is_name(host) => {
            Ok(address.to_owned())
        }
        _ => Err(Refusal::default()),
    }
}
