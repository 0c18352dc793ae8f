//! Names that lead inside whatever a resolver says: metadata services and the special-use domains.

use super::policy::{Policy, Refusal, Rule};

/// Names of cloud metadata services. Most stand under a special-use suffix too; these are named for the message.
const METADATA_NAMES: &[&str] = &[
    "instance-data.ec2.internal",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.tencentyun.com",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "metadata.nicmanager.com",
    "rancher-metadata",
];

/// Domains that no public name stands under, with their sources.
const SPECIAL_SUFFIXES: &[(&str, &str)] = &[
    ("localhost", "RFC 6761, 6.3"),
    ("local", "RFC 6762, 3"),
    ("internal", "ICANN resolution 2024.07.29.06"),
    ("invalid", "RFC 6761, 6.4"),
    ("test", "RFC 6761, 6.2"),
    ("example", "RFC 6761, 6.5"),
    ("onion", "RFC 7686"),
    ("alt", "RFC 9476"),
    ("home.arpa", "RFC 8375"),
    ("in-addr.arpa", "RFC 1035, 3.5"),
    ("ip6.arpa", "RFC 3596, 2.5"),
];

/// Judges a name before anyone is asked for its addresses.
///
/// `name` is lower-case ASCII without a trailing dot, as [`judge_url`](super::judge_url) gives it. A name that passes
/// has said nothing about its addresses: each is judged by [`judge_address`](super::judge_address).
///
/// # Errors
/// The rule that refuses it.
pub fn judge_name(name: &str, policy: &Policy) -> Result<(), Refusal> {
    if let Some(entry) = policy.deny.name(name) {
        return Err(Refusal::new(
            Rule::Denied,
            format!("{name} is on the deny list as {entry}"),
            "deny list",
        ));
    }
    if policy.allow.name(name).is_some() {
        return Ok(());
    }
    if METADATA_NAMES.contains(&name) {
        return Err(Refusal::new(
            Rule::Metadata,
            format!("{name} is a cloud's metadata service"),
            "the cloud's documentation",
        ));
    }
    let under = |suffix: &str| {
        name.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if let Some((suffix, source)) = SPECIAL_SUFFIXES.iter().find(|(suffix, _)| under(suffix)) {
        return Err(Refusal::new(
            Rule::SpecialName,
            format!("{name} is under {suffix}, which has no public names"),
            source,
        ));
    }
    if !name.contains('.') {
        return Err(Refusal::new(
            Rule::SpecialName,
            format!("{name} has no dot, so a resolver would look for it in your own domains"),
            "RFC 1535",
        ));
    }
    Ok(())
}
