//! Everything that has a name here, joined: practices, the proxy's reasons, and configuration keys.

use propylon_config::{SECTIONS, SETTINGS, SectionInfo, Setting};
use propylon_practices::{PRACTICES, Practice};
use propylon_proxy::{Explanation, REASONS};

/// Something with a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry {
    /// A row of the table of practices.
    Practice(&'static Practice),
    /// Why the proxy itself answered.
    Reason(&'static Explanation),
    /// A key of the deployment description.
    Setting(&'static Setting),
    /// A mapping of the description that groups keys.
    Section(&'static SectionInfo),
}

impl Entry {
    /// Its name, alone of all.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Practice(practice) => practice.id,
            Self::Reason(reason) => reason.id,
            Self::Setting(setting) => setting.key,
            Self::Section(section) => section.key,
        }
    }
}

/// A name that nothing has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is called `{asked}`. {}", remedy(.near))]
pub(crate) struct UnknownId {
    asked: String,
    /// What may have been meant, the likeliest first.
    near: Vec<&'static str>,
}

/// Names suggested on a miss.
const NEAR_MAX: usize = 3;
/// Below this likeness, a name was not meant.
const LIKENESS_MIN: f64 = 0.75;
/// No name here is longer, and comparing costs the product of the lengths.
const ASKED_BYTES_MAX: usize = 100;

/// Every practice, sorted by id.
pub(crate) fn practices() -> impl Iterator<Item = &'static Practice> {
    PRACTICES.iter().copied()
}

/// Everything, kind by kind.
pub(crate) fn entries() -> impl Iterator<Item = Entry> {
    let practices = practices().map(Entry::Practice);
    let settings = SETTINGS.iter().map(Entry::Setting);
    let sections = SECTIONS.iter().map(Entry::Section);
    practices
        .chain(REASONS.iter().map(Entry::Reason))
        .chain(settings)
        .chain(sections)
}

/// What `asked` names: an id; a key, as the table or as a file has it; or the end of just one key.
pub(crate) fn find(asked: &str) -> Result<Entry, UnknownId> {
    if let Some(entry) = entries().find(|entry| entry.id() == asked) {
        return Ok(entry);
    }
    if let Some(entry) = entries().find(|entry| is_key(*entry) && names(entry.id(), asked)) {
        return Ok(entry);
    }
    let ending = format!(".{asked}");
    let ends: Vec<_> = entries()
        .filter(|entry| is_key(*entry) && entry.id().ends_with(&ending))
        .collect();
    match *ends {
        [entry] => Ok(entry),
        [] => Err(UnknownId {
            asked: asked.to_owned(),
            near: nearest(asked),
        }),
        _ => Err(UnknownId {
            asked: asked.to_owned(),
            near: ends.into_iter().map(Entry::id).collect(),
        }),
    }
}

fn is_key(entry: Entry) -> bool {
    matches!(entry, Entry::Setting(_) | Entry::Section(_))
}

/// Whether a key written with this file's own names and numbers is `key`: any name stands for
/// `<name>`, any index or none for `[]`, and a list or mapping may go by its own name alone.
fn names(key: &str, asked: &str) -> bool {
    let bare = |text: &str| text.split('[').next().unwrap_or(text).to_owned();
    let mut asked = asked.split('.');
    let mut key = key.split('.').peekable();
    while let Some(part) = key.next() {
        let is_last_name = part == "<name>" && key.peek().is_none();
        match asked.next() {
            Some(given) if part == "<name>" || bare(given) == bare(part) => {}
            None if is_last_name => {}
            _ => return false,
        }
    }
    asked.next().is_none()
}

fn nearest(asked: &str) -> Vec<&'static str> {
    if asked.len() > ASKED_BYTES_MAX {
        return Vec::new();
    }
    let asked = asked.to_ascii_lowercase().replace([' ', '_'], "-");
    let likeness = |id: &str| {
        let last = id.rsplit('.').next().unwrap_or(id).replace('_', "-");
        let whole = strsim::normalized_damerau_levenshtein(&asked, &id.replace('_', "-"));
        whole
            .max(strsim::normalized_damerau_levenshtein(&asked, &last))
            .max(if is_part(&asked, id) { 0.8 } else { 0.0 })
    };
    let mut near: Vec<_> = entries()
        .map(|entry| (likeness(entry.id()), entry.id()))
        .collect();
    near.retain(|(likeness, _)| *likeness >= LIKENESS_MIN);
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(NEAR_MAX).map(|(_, id)| id).collect()
}

/// Whether all words asked for stand in the id: `buffered`, `lost session`.
fn is_part(asked: &str, id: &str) -> bool {
    !asked.is_empty()
        && asked
            .split('-')
            .all(|word| word.len() > 2 && id.split(['-', '.', '_']).any(|part| part == word))
}

fn remedy(near: &[&str]) -> String {
    let list = "`propylon list` has the practices, `propylon config schema` the keys";
    match near {
        [] => format!("{list}, and a `Propylon-Reason` header its reason"),
        [one] => format!("Did you mean {one}? Otherwise, {list}"),
        [first @ .., last] => format!(
            "Did you mean {} or {last}? Otherwise, {list}",
            first.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &str, expected: &str) {
        assert_eq!(find(asked).map(Entry::id), Ok(expected), "{asked}");
    }

    #[test]
    fn every_id_is_one_things_and_finds_it() {
        let mut ids: Vec<_> = entries().map(Entry::id).collect();
        for id in &ids {
            check(id, id);
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn keys_are_found_as_files_write_them() {
        check(
            "upstreams.weather.timeouts.idle",
            "upstreams.<name>.timeouts.idle",
        );
        check("routes[1].path", "routes[].path");
        check("routes.path", "routes[].path");
        check("routes", "routes[]");
        check("upstreams", "upstreams.<name>");
        check("upstreams.weather", "upstreams.<name>");
        check("pool.idle", "upstreams.<name>.pool.idle");
        check("body_bytes", "limits.body_bytes");
        check("timeouts", "timeouts");
    }

    #[test]
    fn a_miss_says_what_may_have_been_meant() {
        let near = |asked: &str| find(asked).map(Entry::id).map_err(|miss| miss.near);
        assert_eq!(
            near("sse-bufered").unwrap_err().first(),
            Some(&"sse-buffered")
        );
        assert_eq!(
            near("sessionlost").unwrap_err().first(),
            Some(&"session-lost")
        );
        assert_eq!(
            near("limits.body-bytes").unwrap_err().first(),
            Some(&"limits.body_bytes")
        );
        assert_eq!(near("buffered").unwrap_err(), ["sse-buffered"]);
        assert_eq!(
            near("path").unwrap_err(),
            ["routes[].path", "upstreams.<name>.health.path"]
        );
        assert_eq!(near("quite another thing").unwrap_err(), [""; 0]);
        assert_eq!(near(&"x".repeat(1 << 20)).unwrap_err(), [""; 0]);
    }
}
