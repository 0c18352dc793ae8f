//! One mapping of the file, read key by key: what nobody asked for in the end is an unknown key.

use std::cell::RefCell;
use std::time::Duration;

use crate::kind::Kind;
use crate::problem::{Position, Problem};
use crate::quantity::{InvalidQuantity, parse_duration, parse_size};
use crate::report::Report;
use crate::settings::{self, Setting};
use crate::suggest;
use crate::tree::{Entry, Node, Value};

/// A mapping being read.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) report: &'a Report<'a>,
    entries: &'a [Entry],
    /// Where the mapping is named: its key, or the item itself in a list.
    pub(crate) position: Position,
    pub(crate) path: Path,
    asked: RefCell<Vec<&'static str>>,
}

/// A path in the file, and the same path as the table of settings has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    pub(crate) shown: String,
    pub(crate) pattern: String,
}

/// A value, where it was written, and the path of its key.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    /// `None` for what the command line says.
    pub(crate) position: Option<Position>,
    pub(crate) key: String,
}

/// Why a text is not what its key wants.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// Said in place of "`x` is not a …".
    pub(crate) summary: Option<String>,
    pub(crate) suggestion: Option<String>,
    pub(crate) practice: Option<&'static str>,
}

impl<T> Placed<T> {
    /// What the command line says with `flag`.
    pub(crate) fn flag(flag: &str, value: T) -> Self {
        Placed {
            value,
            position: None,
            key: flag.to_owned(),
        }
    }
}

impl Path {
    pub(crate) fn join(&self, key: &str) -> Path {
        Path {
            shown: join(&self.shown, key),
            pattern: join(&self.pattern, key),
        }
    }

    fn named(&self, name: &str) -> Path {
        Path {
            shown: join(&self.shown, name),
            pattern: join(&self.pattern, "<name>"),
        }
    }

    fn item(&self, index: usize) -> Path {
        Path {
            shown: format!("{}[{index}]", self.shown),
            pattern: format!("{}[]", self.pattern),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl Refusal {
    pub(crate) fn because(summary: impl Into<String>) -> Self {
        Refusal {
            summary: Some(summary.into()),
            ..Refusal::default()
        }
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl From<InvalidQuantity> for Refusal {
    fn from(invalid: InvalidQuantity) -> Self {
        Refusal {
            suggestion: invalid.suggestion,
            ..Refusal::default()
        }
    }
}

impl<'a> Section<'a> {
    /// `node` as a mapping; one of another kind is reported. An empty value is an empty mapping.
    pub(crate) fn open(
        report: &'a Report<'a>,
        node: &'a Node,
        position: Position,
        path: Path,
    ) -> Option<Self> {
        let entries: &[Entry] = match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            Value::Scalar(_) | Value::List(_) => {
                let names = crate::kind::one_of(&settings::keys_under(&path.pattern));
                let off = settings::section(&path.pattern).is_some_and(|section| section.off);
                let problem =
                    Problem::error(&path.shown, "a mapping of keys to values is due here")
                        .at(node.position)
                        .found(node.kind());
                let problem = match (off, names.is_empty()) {
                    (true, _) => problem.expected(format!("`off`, or keys such as {names}")),
                    (false, false) => problem.expected(format!("keys such as {names}")),
                    (false, true) => problem,
                };
                report.add(problem);
                return None;
            }
        };
        Some(Section {
            report,
            entries,
            position,
            path,
            asked: RefCell::default(),
        })
    }

    /// Whether `key` is written here with a value.
    pub(crate) fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The mapping at `key`, if it is written.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let entry = self.entry(key)?;
        Section::open(
            self.report,
            &entry.node,
            entry.position,
            self.path.join(key),
        )
    }

    /// The mappings in the list at `key`.
    pub(crate) fn items(&self, key: &'static str) -> Vec<Section<'a>> {
        let path = self.path.join(key);
        let Some(entry) = self.required(key) else {
            return Vec::new();
        };
        let Value::List(items) = &entry.node.value else {
            let problem = Problem::error(&path.shown, "a list is due here")
                .at(entry.node.position)
                .found(entry.node.kind())
                .suggest(format!("begin each item of `{key}` with `- `"));
            self.report.add(problem);
            return Vec::new();
        };
        if items.is_empty() {
            self.report.add(empty(entry, &path));
        }
        let open = |(index, item): (usize, &'a std::rc::Rc<Node>)| {
            Section::open(self.report, item, item.position, path.item(index))
        };
        items.iter().enumerate().filter_map(open).collect()
    }

    /// The mappings by name in the mapping at `key`; those of another kind have their name and no section.
    pub(crate) fn named(&self, key: &'static str) -> Vec<(&'a Entry, Option<Section<'a>>)> {
        let path = self.path.join(key);
        let Some(entry) = self.required(key) else {
            return Vec::new();
        };
        let Some(all) = Section::open(self.report, &entry.node, entry.position, path.clone())
        else {
            return Vec::new();
        };
        if all.entries.is_empty() {
            self.report.add(empty(entry, &path));
        }
        let open = |entry: &'a Entry| {
            let path = path.named(&entry.key);
            (
                entry,
                Section::open(self.report, &entry.node, entry.position, path),
            )
        };
        all.entries.iter().map(open).collect()
    }

    fn required(&self, key: &'static str) -> Option<&'a Entry> {
        let entry = self
            .entry(key)
            .filter(|entry| !matches!(entry.node.value, Value::Null));
        if entry.is_none() {
            self.missing(key);
        }
        entry
    }

    /// Reports that `key` has to be written here.
    pub(crate) fn missing(&self, key: &'static str) {
        let path = self.path.join(key);
        let mut problem = Problem::error(&path.shown, format!("`{key}` is missing"));
        if let Some(setting) = settings::setting(&path.pattern) {
            problem = problem.expected(setting.kind.expected());
        }
        let section = settings::section(&path.pattern);
        if let Some(example) = section.and_then(|section| section.required) {
            problem = problem.suggest(format!("add it, such as `{example}`"));
        }
        // The root has no place of its own.
        if !self.path.shown.is_empty() {
            problem = problem.at(self.position);
        }
        self.report.add(problem);
    }

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
        if items.is_empty() && kind == Kind::Urls {
            self.report.add(empty(entry, &path));
        }
        let read = |(index, item): (usize, &std::rc::Rc<Node>)| {
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

    /// Reports every key nobody asked for.
    pub(crate) fn finish(self) {
        let known = self.asked.into_inner();
        for entry in self.entries {
            if !known.contains(&entry.key.as_str()) {
                let path = self.path.join(&entry.key);
                let problem =
                    suggest::unknown_key(&entry.key, &path.shown, &self.path.pattern, &known);
                self.report.add(problem.at(entry.position));
            }
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
    let setting: Option<&Setting> = settings::setting(&path.pattern);
    debug_assert!(
        setting.is_some(),
        "{} is read and not in the table",
        path.pattern
    );
    setting.map(|setting| setting.kind)
}

fn empty(entry: &Entry, path: &Path) -> Problem {
    let summary = format!("`{}` is empty", entry.key);
    Problem::error(&path.shown, summary)
        .at(entry.position)
        .suggest("write at least one")
}
