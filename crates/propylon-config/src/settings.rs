//! Every setting of the file in one table: the reader, the schema and the reference page all come from it.

use crate::kind::Kind;

mod reference;
mod table;

pub use reference::settings_markdown;
pub use table::{SECTIONS, SETTINGS};

/// One key a file may have.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Full path; `[]` stands for each item of a list and `<name>` for each key of a mapping.
    pub key: &'static str,
    /// What may be written there.
    pub kind: Kind,
    /// What holds when it is not written.
    pub default: Fallback,
    /// The metric that shows it at work.
    pub metric: Option<&'static str>,
    /// The `Propylon-Reason` of a request it ends.
    pub reason: Option<&'static str>,
    /// What it does, in one sentence.
    pub doc: &'static str,
}

/// A mapping that groups settings.
#[derive(Clone, Copy, Debug)]
pub struct SectionInfo {
    /// Full path, as in [`Setting::key`].
    pub key: &'static str,
    /// For one without which a file is refused, a small example of it.
    pub required: Option<&'static str>,
    /// Whether the single word `off` may stand in its place.
    pub off: bool,
    /// What it holds, in one sentence.
    pub doc: &'static str,
}

/// What holds when a key is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// As if this had been written.
    Value(&'static str),
    /// Nothing; this says what that means.
    Absent(&'static str),
    /// It must be written.
    Required,
}

impl Setting {
    /// What its number counts: `bytes`, `connections`, `time`; empty for other kinds.
    pub fn unit(&self) -> &'static str {
        self.kind.unit()
    }
}

/// The setting at `key`, its path as in the table.
pub fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS
        .binary_search_by(|setting| setting.key.cmp(key))
        .ok()
        .and_then(|index| SETTINGS.get(index))
}

/// The section written at `path`, a list or mapping of sections included.
pub(crate) fn section(path: &str) -> Option<&'static SectionInfo> {
    SECTIONS.iter().find(|section| {
        let rest = section.key.strip_prefix(path);
        matches!(rest, Some("" | "[]" | ".<name>"))
    })
}

/// The names that may be written directly under `section`, settings and sections alike, sorted.
pub(crate) fn keys_under(section: &str) -> Vec<&'static str> {
    let paths = SETTINGS.iter().map(|setting| setting.key);
    let mut names: Vec<_> = paths.filter_map(|path| child_of(section, path)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The first name of `path` below `section`, without `[]`.
fn child_of<'p>(section: &str, path: &'p str) -> Option<&'p str> {
    let rest = if section.is_empty() {
        path
    } else {
        path.strip_prefix(section)?.strip_prefix('.')?
    };
    let name = rest.split('.').next()?;
    Some(name.strip_suffix("[]").unwrap_or(name))
}
