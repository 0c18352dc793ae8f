//! What a product is to these tests: how it is run, what it cannot hold, and how each practice is broken.

use std::path::Path;
use std::process::Command;

/// One product, in one version.
#[derive(Debug)]
pub(crate) struct Product {
    /// What messages call it.
    pub(crate) name: &'static str,
    /// The target of `generate`.
    pub(crate) target: &'static str,
    /// More arguments for `generate`.
    pub(crate) arguments: &'static [&'static str],
    /// The command with which the product itself judges the files in this folder, where it has one.
    pub(crate) validate: Option<fn(&Path) -> Command>,
    /// The command that runs it on the files in this folder; its working directory is the folder.
    pub(crate) run: fn(&Path) -> Command,
    /// Of the gaps the report names, those that the check does not see, each with why.
    pub(crate) unseen: &'static [(&'static str, &'static str)],
    /// How each practice that a line holds is broken.
    pub(crate) breaks: &'static [Break],
    /// Of the practices held by a line and seen from outside, those that cannot be broken alone, each with why.
    pub(crate) unbroken: &'static [(&'static str, &'static str)],
    /// Of 3,000 short streams, how many may be cut; the coverage says why where it is not none.
    pub(crate) cut_streams_max: usize,
}

/// One practice broken in the generated files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Break {
    /// Its id, which `check --select` must then find.
    pub(crate) practice: &'static str,
    /// What is done to the files.
    pub(crate) edits: &'static [Edit],
    /// Whether only waiting shows it.
    pub(crate) waits: bool,
}

/// A change to the generated files.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edit {
    /// Drops every line with the practice's id in the comment behind it.
    Drop,
    /// In every such line, writes the second text for the first.
    Marked(&'static str, &'static str),
    /// Wherever it stands in the files, writes the second text for the first.
    Anywhere(&'static str, &'static str),
}

/// A practice broken by leaving its lines out.
pub(crate) const fn dropped(practice: &'static str) -> Break {
    edited(practice, &[Edit::Drop])
}

/// A practice broken by changing its files.
pub(crate) const fn edited(practice: &'static str, edits: &'static [Edit]) -> Break {
    Break {
        practice,
        edits,
        waits: false,
    }
}

impl Break {
    /// The same, seen only by waiting for seconds that the standard profile waits.
    pub(crate) const fn waiting(self) -> Self {
        Break {
            waits: true,
            ..self
        }
    }

    /// Does it to the files.
    ///
    /// # Panics
    /// When an edit changes nothing.
    pub(crate) fn apply(&self, product: &Product, files: &mut [(String, String)]) {
        for edit in self.edits {
            let before: Vec<String> = files.iter().map(|(_, text)| text.clone()).collect();
            for (_, text) in files.iter_mut() {
                *text = edit.apply(self.practice, text);
            }
            let changed = files
                .iter()
                .zip(before)
                .any(|((_, text), before)| *text != before);
            let (name, practice) = (product.name, self.practice);
            assert!(changed, "{name}: {practice}: {edit:?} changes nothing");
        }
    }
}

impl Edit {
    fn apply(&self, practice: &str, text: &str) -> String {
        if let Edit::Anywhere(from, to) = self {
            return text.replace(from, to);
        }
        let edited = text.lines().filter_map(|line| match self {
            _ if !is_marked(line, practice) => Some(line.to_owned()),
            Edit::Marked(from, to) => Some(line.replace(from, to)),
            Edit::Drop | Edit::Anywhere(..) => None,
        });
        let mut text = edited.collect::<Vec<_>>().join("\n");
        text.push('\n');
        text
    }
}

/// Whether the comment behind this line names the practice. Comments of their own do not count.
pub(crate) fn is_marked(line: &str, practice: &str) -> bool {
    ["  # ", "  // "].iter().any(|mark| {
        line.rsplit_once(mark).is_some_and(|(code, ids)| {
            !code.trim().is_empty() && ids.split(", ").any(|id| id.trim() == practice)
        })
    })
}
