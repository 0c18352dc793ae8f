//! `ssrf-private-address`: backends may be private addresses.

use crate::practice::{EraScope, Group, Practice, Seen, Severity};

pub(crate) const PRACTICE: Practice = Practice {
    id: "ssrf-private-address",
    title: "Backends may be private addresses",
    severity: Severity::Error,
    era: EraScope::Both,
    group: Group::Backends,
    holds: "Loopback, private, link-local, metadata, shared, multicast and reserved addresses, IPv4 inside IPv6 too, are refused in every spelling.",
    seen: Seen::Inside(
        "It is seen only where users register backends, which is no part of MCP; Propylon's own tests run a corpus of spellings against its dialler.",
    ),
    consequence: "A user registers `http://169.254.169.254/` as an MCP server and reads the machine's cloud credentials.",
    doc: include_str!("ssrf_private_address.md"),
};
