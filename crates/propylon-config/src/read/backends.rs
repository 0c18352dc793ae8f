//! Reads how servers are registered and what may be dialled for them.

use super::{upstream, word};
use crate::kind::Kind;
use crate::model::backends::{Backends, GuardRules, Quotas};
use crate::model::guard_list::{GuardEntry, GuardList};
use crate::model::upstream::UpstreamTimeouts;
use crate::section::{Placed, Refusal, Section, whole_number};

/// The section `backends`; `None` where one of its files is not named, which is reported.
pub(super) fn backends(section: Section<'_>) -> Option<Placed<Backends>> {
    let address = section.read("address", word::address);
    let files = ["store", "key_file", "token_file"].map(|key| {
        if section.entry(key).is_none() {
            section.missing(key);
        }
        section.read_file(key).map(|file| file.value)
    });
    let guard = section.section("guard").map(guard).unwrap_or_default();
    let mut quotas = Quotas::default();
    if let Some(section) = section.section("quotas") {
        section.count("backends", &mut quotas.backends);
        section.count("streams", &mut quotas.streams);
        section.count("requests_per_second", &mut quotas.requests_per_second);
        section.finish();
    }
    let mut timeouts = UpstreamTimeouts::default();
    if let Some(section) = section.section("timeouts") {
        upstream::read_timeouts(section, &mut timeouts);
    }
    let place = (section.position, section.path.shown.clone());
    section.finish();
    let [store, key_file, token_file] = files;
    let value = Backends {
        address: address
            .as_ref()
            .map_or(Backends::ADDRESS, |address| address.value),
        store: store?,
        key_file: key_file?,
        token_file: token_file?,
        guard,
        quotas,
        timeouts,
    };
    let (position, key) = address.map_or((Some(place.0), place.1), |address| {
        (address.position, address.key)
    });
    Some(Placed {
        value,
        position,
        key,
    })
}

fn guard(section: Section<'_>) -> GuardRules {
    let list = |key| {
        let entries = section.read_list(key, entry).unwrap_or_default();
        GuardList::of(entries.into_iter().map(|entry| entry.value).collect())
    };
    let mut rules = GuardRules {
        allow: list("allow"),
        deny: list("deny"),
        ..GuardRules::default()
    };
    if let Some(ports) = section.read_list("ports", port) {
        rules.ports = ports.into_iter().map(|port| port.value).collect();
    }
    if let Some(flag) = section.read("allow_http", word::flag) {
        rules.allow_http = flag.value;
    }
    section.finish();
    rules
}

fn entry(text: &str, _: Kind) -> Result<GuardEntry, Refusal> {
    text.parse()
        .map_err(|invalid| Refusal::because(format!("{invalid}")))
}

fn port(text: &str, _: Kind) -> Result<u16, Refusal> {
    whole_number(text)
        .and_then(|number| u16::try_from(number).ok())
        .filter(|port| *port > 0)
        .ok_or_else(Refusal::default)
}
