//! Reads the single values of a section: text by a given reader, durations, sizes, numbers and words.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::{Path, Placed, Refusal, Section, empty};
use crate::kind::Kind;
use crate::problem::{Position, Problem};
use crate::quantity::{parse_duration, parse_size};
use crate::settings;
use crate::suggest;
use crate::tree::{Node, Value};

impl Section<'_> {
    /// The single value at `key`, read by `parse`.
    pub(crate) fn read<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str, Kind) -> Result<T, Refusal>,
    ) -> Option<Placed<T>> {
        let path = self.path.join(key);
        let entry = self.entry(key)?;
        let kind = kind_of(&path)?;
        self.value(&entry.node, path.shown, kind, parse)
    }

    /// The single value at `key`; its absence is reported.
    pub(crate) fn read_required<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str, Kind) -> Result<T, Refusal>,
    ) -> Option<Placed<T>> {
        if self.entry(key).is_none() {
            self.missing(key);
            return None;
        }
        self.read(key, parse)
    }

    /// Each value of the list at `key`, read by `parse`; `None` where nothing is written.
    pub(crate) fn read_list<T>(
        &self,
        key: &'static str,
        mut parse: impl FnMut(&str, Kind) -> Result<T, Refusal>,
    ) -> Option<Vec<Placed<T>>> {
        let path = self.path.join(key);
        let entry = self.entry(key)?;
        let kind = kind_of(&path)?;
        let Value::List(items) = &entry.node.value else {
            let problem = Problem::error(&path.shown, "a list is due here")
                .at(entry.node.position)
                .found(entry.node.kind());
            self.report.add(problem.expected(kind.expected()));
            return Some(Vec::new());
        };
        if items.is_empty() && matches!(kind, Kind::Domains | Kind::Urls | Kind::Origins) {
            self.report.add(empty(entry, &path));
        }
        let read = |(index, item): (usize, &Rc<Node>)| {
            self.value(item, path.item(index).shown, kind.item(), &mut parse)
        };
        Some(items.iter().enumerate().filter_map(read).collect())
    }

    fn value<T>(
        &self,
        node: &Node,
        key: String,
        kind: Kind,
        parse: impl FnOnce(&str, Kind) -> Result<T, Refusal>,
    ) -> Option<Placed<T>> {
        let position = node.position;
        let Value::Scalar(text) = &node.value else {
            let summary = format!("{} stands where one value is due", node.kind());
            let problem = Problem::error(key, summary).at(position);
            self.report.add(problem.expected(kind.expected()));
            return None;
        };
        match parse(text, kind) {
            Ok(value) => Some(Placed {
                value,
                position: Some(position),
                key,
            }),
            Err(refusal) => {
                self.refuse(text, position, key, kind, refusal);
                None
            }
        }
    }

    fn refuse(&self, text: &str, position: Position, key: String, kind: Kind, refusal: Refusal) {
        let summary = refusal.summary.unwrap_or_else(|| {
            let article = if kind.name().starts_with(['a', 'e', 'i', 'o']) {
                "an"
            } else {
                "a"
            };
            format!("`{text}` is not {article} {}", kind.name())
        });
        let mut problem = Problem::error(key, summary)
            .at(position)
            .found(text)
            .expected(kind.expected());
        problem.suggestion = refusal.suggestion;
        problem.practice = refusal.practice;
        self.report.add(problem);
    }

    /// The file named at `key`; a relative one is beside the description.
    pub(crate) fn read_file(&self, key: &'static str) -> Option<Placed<PathBuf>> {
        self.read(key, |text, _| {
            if text.is_empty() || text.contains('\0') {
                return Err(Refusal::default());
            }
            Ok(self.report.folder().join(text))
        })
    }

    /// Reads the duration at `key` into `target`; without one the default stays.
    pub(crate) fn duration(&self, key: &'static str, target: &mut Duration) {
        let parse = |text: &str, kind: Kind| {
            let duration = parse_duration(text)?;
            if duration.is_zero() && kind == (Kind::Duration { zero: false }) {
                return Err(Refusal::because("zero would end everything at once")
                    .suggest("leave the key out for its default"));
            }
            Ok(duration)
        };
        self.read(key, parse).inspect(|read| *target = read.value);
    }

    /// Reads the duration at `key`, or `off`, into `target`.
    pub(crate) fn duration_or_off(&self, key: &'static str, target: &mut Option<Duration>) {
        let parse = |text: &str, _: Kind| match text {
            "off" => Ok(None),
            "false" | "no" | "none" => Err(Refusal::default().suggest("write `off`")),
            text => match parse_duration(text)? {
                Duration::ZERO => {
                    Err(Refusal::because("zero would be without end").suggest("write `off`"))
                }
                duration => Ok(Some(duration)),
            },
        };
        if let Some(read) = self.read(key, parse) {
            *target = read.value;
        }
    }

    /// Reads the size at `key` into `target`.
    pub(crate) fn size(&self, key: &'static str, target: &mut u64) {
        let parse = |text: &str, kind: Kind| {
            let bytes = parse_size(text)?;
            match kind {
                Kind::Size { min, .. } if bytes < min => {
                    Err(Refusal::because(format!("`{text}` is too little")))
                }
                Kind::Size { max, .. } if bytes > max => {
                    Err(Refusal::because(format!("`{text}` is too much")))
                }
                _ => Ok(bytes),
            }
        };
        self.read(key, parse).inspect(|read| *target = read.value);
    }

    /// Reads the whole number at `key` into `target`.
    pub(crate) fn count<T: TryFrom<u64>>(&self, key: &'static str, target: &mut T) {
        let parse = |text: &str, kind: Kind| {
            let in_range = |number: &u64| matches!(kind, Kind::Count { min, max, .. } if (min..=max).contains(number));
            whole_number(text)
                .filter(in_range)
                .and_then(|number| T::try_from(number).ok())
                .ok_or_else(Refusal::default)
        };
        if let Some(read) = self.read(key, parse) {
            *target = read.value;
        }
    }

    /// Reads the word at `key` into `target`, which `words` maps from each word of the table.
    pub(crate) fn choice<T>(
        &self,
        key: &'static str,
        target: &mut T,
        word: impl Fn(&str) -> Option<T>,
    ) {
        let parse = |text: &str, kind: Kind| word(text).ok_or_else(|| misspelt(text, kind));
        if let Some(read) = self.read(key, parse) {
            *target = read.value;
        }
    }
}

/// Digits alone: no sign, no point, no exponent.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A refusal that names the nearest word, if one is near.
pub(crate) fn misspelt(text: &str, kind: Kind) -> Refusal {
    let words = match kind {
        Kind::Choice(words) => words,
        _ => &[],
    };
    let near = suggest::nearest(text, words.iter().copied());
    Refusal {
        suggestion: near.map(|word| format!("did you mean `{word}`?")),
        ..Refusal::default()
    }
}

fn kind_of(path: &Path) -> Option<Kind> {
    let setting = settings::setting(&path.pattern);
    debug_assert!(
        setting.is_some(),
        "{} is read and not in the table",
        path.pattern
    );
    setting.map(|setting| setting.kind)
}
