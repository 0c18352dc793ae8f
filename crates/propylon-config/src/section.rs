//! One mapping of the file, read key by key: what nobody asked for in the end is an unknown key.

use std::cell::RefCell;
use std::rc::Rc;

use crate::kind::one_of;
use crate::problem::{Position, Problem};
use crate::report::Report;
use crate::settings;
use crate::suggest;
use crate::tree::{Entry, Node, Value};

mod place;
mod value;

pub(crate) use place::{Path, Placed, Refusal};
pub(crate) use value::{misspelt, whole_number};

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
                let names = one_of(&settings::keys_under(&path.pattern));
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
        let open = |(index, item): (usize, &'a Rc<Node>)| {
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

fn empty(entry: &Entry, path: &Path) -> Problem {
    let summary = format!("`{}` is empty", entry.key);
    Problem::error(&path.shown, summary)
        .at(entry.position)
        .suggest("write at least one")
}
