//! The right spelling nearest to a wrong one.

use crate::kind::one_of;
use crate::problem::Problem;
use crate::settings::SETTINGS;

/// Names from other products, and where the same thing is set here.
const FOREIGN: &[(&str, &str)] = &[
    ("access_log", "log.access"),
    ("bind", "listeners[].address"),
    ("client_max_body_size", "limits.body_bytes"),
    ("connect_timeout", "upstreams.<name>.timeouts.connect"),
    ("health_check", "upstreams.<name>.health"),
    ("healthcheck", "upstreams.<name>.health"),
    ("idle_timeout", "upstreams.<name>.timeouts.idle"),
    ("keepalive_timeout", "timeouts.keep_alive"),
    ("listen", "listeners[].address"),
    ("max_body_size", "limits.body_bytes"),
    ("proxy_read_timeout", "upstreams.<name>.timeouts.idle"),
    ("read_timeout", "upstreams.<name>.timeouts.idle"),
    ("servers", "upstreams.<name>.urls"),
    ("sticky", "upstreams.<name>.affinity"),
    ("threads", "workers"),
];

/// The nearest of `candidates`, if it is near enough to have been meant.
pub(crate) fn nearest<'c>(
    text: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let text = text.to_ascii_lowercase();
    // Comparing costs the product of the lengths, and no name here is longer.
    if text.len() > 80 {
        return None;
    }
    candidates
        .map(|candidate| (strsim::jaro_winkler(&text, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// The problem of a key that means nothing under `section`, where `known` would.
pub(crate) fn unknown_key(key: &str, shown: &str, section: &str, known: &[&str]) -> Problem {
    let mut known = known.to_vec();
    known.sort_unstable();
    known.dedup();
    let problem = Problem::error(shown, format!("unknown key `{key}`"));
    let problem = if known.is_empty() {
        problem
    } else {
        problem.expected(one_of(&known))
    };
    let near = nearest(key, known.iter().copied());
    match near
        .map(|near| format!("did you mean `{near}`?"))
        .or_else(|| elsewhere(key, section))
    {
        Some(suggestion) => problem.suggest(suggestion),
        None => problem,
    }
}

/// A key that exists, in another section or by another name.
fn elsewhere(key: &str, section: &str) -> Option<String> {
    let foreign = FOREIGN.iter().find(|(name, _)| *name == key);
    if let Some((_, path)) = foreign {
        return Some(format!("here this is `{path}`"));
    }
    let paths = SETTINGS.iter().map(|setting| setting.key);
    let same: Vec<_> = paths
        .filter(|path| path.rsplit('.').next() == Some(key))
        .collect();
    let closeness = |path: &str| {
        let here = format!("{section}.");
        (
            path.starts_with(&here),
            parent_name(path) == parent_name(&here),
        )
    };
    let closest = same.iter().map(|path| closeness(path)).max()?;
    let nearest: Vec<_> = same
        .into_iter()
        .filter(|path| closeness(path) == closest)
        .collect();
    Some(format!("`{key}` is written as {}", one_of(&nearest)))
}

/// The name of the section `path` is written in.
fn parent_name(path: &str) -> Option<&str> {
    path.rsplit('.').nth(1)
}
