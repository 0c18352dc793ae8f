//! Reads single values: addresses, hosts, paths, networks and the words that stand for a choice.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::kind::{Kind, WORKERS_MAX};
use crate::model::deployment::{AccessLog, Redirect};
use crate::model::upstream::{Discovery, HostHeader, Store};
use crate::model::upstream_url::{InvalidUrl, UpstreamUrl, is_name, is_path};
use crate::section::{Refusal, misspelt, whole_number};

pub(crate) fn address(text: &str, _: Kind) -> Result<SocketAddr, Refusal> {
    text.parse().map_err(|_| Refusal {
        suggestion: near_address(text),
        ..Refusal::default()
    })
}

/// What was meant by an address without its port, a port without its address, or a name in its place.
fn near_address(text: &str) -> Option<String> {
    let written = |address: String| format!("write `{address}`");
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(written(SocketAddr::new(ip, 8080).to_string()));
    }
    let port = text
        .strip_prefix(':')
        .or_else(|| text.strip_prefix("*:"))
        .unwrap_or(text);
    if port.parse::<u16>().is_ok() {
        return Some(format!(
            "write `0.0.0.0:{port}` for every address, or `127.0.0.1:{port}` for this machine"
        ));
    }
    let port = text.strip_prefix("localhost:")?;
    port.parse::<u16>()
        .ok()
        .map(|port| written(format!("127.0.0.1:{port}")))
}

pub(crate) fn path(text: &str, _: Kind) -> Result<String, Refusal> {
    if text == "/" {
        return Ok(text.to_owned());
    }
    let path = text.strip_suffix('/').unwrap_or(text);
    if is_path(path) {
        return Ok(path.to_owned());
    }
    let refusal = Refusal::default();
    let rooted = format!("/{path}");
    if !text.starts_with('/') && is_path(&rooted) && !text.contains("://") {
        return Err(refusal.suggest(format!("write `{rooted}`")));
    }
    if text.contains('*') {
        return Err(refusal.suggest("a path is a prefix by itself; leave the `*` out"));
    }
    Err(refusal)
}

pub(crate) fn path_or_off(text: &str, kind: Kind) -> Result<Option<String>, Refusal> {
    match text {
        "off" => Ok(None),
        "false" | "no" | "none" => Err(Refusal::default().suggest("write `off`")),
        text => path(text, kind).map(Some),
    }
}

/// A host to route by: lowercase, without a port, with at most one leading wildcard label.
pub(crate) fn host(text: &str, _: Kind) -> Result<String, Refusal> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    if is_name(name) || is_address_host(text) {
        let text = text.strip_suffix('.').unwrap_or(text);
        return Ok(text.to_ascii_lowercase());
    }
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split(['/', ':']).next().unwrap_or_default();
    let refusal = Refusal::default();
    if text == "*" {
        return Err(refusal.suggest("leave `host` out for any host"));
    }
    if bare != text && is_name(bare) {
        return Err(refusal.suggest(format!("write `{bare}`")));
    }
    if !text.is_ascii() {
        return Err(refusal.suggest("write an international name in its ASCII form, xn--…"));
    }
    Err(refusal)
}

fn is_address_host(text: &str) -> bool {
    let v6 = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    v6.map_or_else(
        || text.parse::<std::net::Ipv4Addr>().is_ok(),
        |inner| inner.parse::<std::net::Ipv6Addr>().is_ok(),
    )
}

pub(crate) fn host_header(text: &str, _: Kind) -> Result<HostHeader, Refusal> {
    match text {
        "keep" => return Ok(HostHeader::Keep),
        "upstream" => return Ok(HostHeader::Upstream),
        _ => {}
    }
    // A fixed host is what stands between `http://` and the path of a URL, so the URL's reader judges it.
    let url: Result<UpstreamUrl, InvalidUrl> = format!("http://{text}").parse();
    if url.is_ok() && !text.contains('/') && looks_fixed(text) {
        Ok(HostHeader::Fixed(text.to_ascii_lowercase()))
    } else {
        let near = crate::suggest::nearest(text, ["keep", "upstream"].into_iter());
        Err(Refusal {
            suggestion: near.map(|word| format!("did you mean `{word}`?")),
            ..Refusal::default()
        })
    }
}

/// A host with a dot, a port or brackets, or `localhost`: any other single word is a misspelt choice.
fn looks_fixed(text: &str) -> bool {
    text.contains(['.', ':', '[']) || text == "localhost"
}

pub(crate) fn network(text: &str, _: Kind) -> Result<IpNet, Refusal> {
    if let Ok(network) = text.parse::<IpNet>() {
        return Ok(network.trunc());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.into());
    }
    let refusal = Refusal::because(format!("`{text}` is neither an address nor a CIDR network"));
    match text.parse::<SocketAddr>() {
        Ok(address) => Err(refusal.suggest(format!("leave the port out: `{}`", address.ip()))),
        Err(_) => Err(refusal),
    }
}

/// `https`, or `https:8443` where the outside's port is another one.
pub(crate) fn redirect(text: &str, _: Kind) -> Result<Redirect, Refusal> {
    let port = match text.strip_prefix("https") {
        Some("") => Some(443),
        Some(port) => port.strip_prefix(':').and_then(|port| port.parse().ok()),
        None => None,
    };
    match port {
        Some(port @ 1..) => Ok(Redirect { port }),
        _ if text.contains("://") => Err(Refusal::default()
            .suggest("write `https`: clients are sent to the host they asked for")),
        _ => Err(Refusal::default()),
    }
}

pub(crate) fn workers(text: &str, _: Kind) -> Result<Option<NonZeroUsize>, Refusal> {
    if text == "auto" {
        return Ok(None);
    }
    whole_number(text)
        .filter(|number| *number <= WORKERS_MAX)
        .and_then(|number| usize::try_from(number).ok())
        .and_then(NonZeroUsize::new)
        .map(Some)
        .ok_or_else(|| match text {
            "0" => Refusal::default().suggest("write `auto` for one per core"),
            _ => Refusal::default(),
        })
}

pub(crate) fn access_log(text: &str, _: Kind) -> Result<AccessLog, Refusal> {
    match text {
        "stdout" => Ok(AccessLog::Stdout),
        "off" => Ok(AccessLog::Off),
        "false" | "no" | "none" => Err(Refusal::default().suggest("write `off`")),
        text if text.contains('/') && !text.ends_with('/') => {
            Ok(AccessLog::File(PathBuf::from(text)))
        }
        text => {
            let near = crate::suggest::nearest(text, ["stdout", "off"].into_iter());
            let suggestion = near.map_or_else(
                || format!("write `./{text}` for a file beside where propylon starts"),
                |word| format!("did you mean `{word}`?"),
            );
            Err(Refusal::default().suggest(suggestion))
        }
    }
}

pub(crate) fn flag(text: &str, _: Kind) -> Result<bool, Refusal> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        "on" | "yes" => Err(Refusal::default().suggest("write `true`")),
        "off" | "no" => Err(Refusal::default().suggest("write `false`")),
        _ => Err(Refusal::default()),
    }
}

pub(crate) fn discovery(text: &str, kind: Kind) -> Result<Discovery, Refusal> {
    match text {
        "dns" => Ok(Discovery::Dns),
        "srv" => Ok(Discovery::Srv),
        text => Err(misspelt(text, kind)),
    }
}

/// A status by which servers may say that a session is unknown.
pub(crate) fn status(text: &str, _: Kind) -> Result<u16, Refusal> {
    match whole_number(text).and_then(|number| u16::try_from(number).ok()) {
        Some(404) => Err(Refusal::because("404 says it already").suggest("leave it out")),
        Some(status @ 400..=599) => Ok(status),
        _ => Err(Refusal::default()),
    }
}

pub(crate) fn store(text: &str, kind: Kind) -> Result<Store, Refusal> {
    match text {
        "memory" => Ok(Store::Memory),
        "sealed" => Ok(Store::Sealed),
        "redis" => Err(
            Refusal::because(format!("the store `{text}` is not in this version")).suggest(
                "write `sealed`, which needs no store at all, or `memory` and run one propylon",
            ),
        ),
        text => Err(misspelt(text, kind)),
    }
}

/// The URL of an instance.
pub(crate) fn url(text: &str, _: Kind) -> Result<UpstreamUrl, Refusal> {
    text.parse().map_err(|invalid| refused_url(text, invalid))
}

fn refused_url(text: &str, invalid: InvalidUrl) -> Refusal {
    let refusal = Refusal::because(format!(
        "`{text}` is not a URL of an MCP endpoint: {invalid}"
    ));
    let with_scheme = format!("http://{text}");
    if invalid == InvalidUrl::Scheme
        && !text.contains("://")
        && with_scheme.parse::<UpstreamUrl>().is_ok()
    {
        return refusal.suggest(format!("write `{with_scheme}`"));
    }
    refusal
}
