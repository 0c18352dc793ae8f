//! Counts the blocks of the book by what becomes of them.

use std::collections::BTreeMap;

use anyhow::Context;

use super::chapters::Chapter;
use super::fence::{self, Fate};

/// How many blocks there are of each kind.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By product.
    loaded: BTreeMap<String, usize>,
    run: usize,
    captured: usize,
    /// URLs shown to `propylon guard`.
    refused: usize,
    /// Why, and where.
    skipped: Vec<(String, String, String)>,
}

impl Tally {
    pub(super) fn of(chapters: &[Chapter]) -> anyhow::Result<Self> {
        let mut tally = Self::default();
        for chapter in chapters {
            let blocks = fence::blocks(&chapter.text).with_context(|| chapter.path.clone())?;
            for block in blocks {
                match block.fate {
                    Fate::Load { place } => {
                        let product = place.split('/').next().unwrap_or_default();
                        *tally.loaded.entry(product.to_owned()).or_default() += 1;
                    }
                    Fate::Run { .. } => tally.run += 1,
                    Fate::Output => tally.captured += 1,
                    Fate::Refused => tally.refused += block.text.split_whitespace().count(),
                    Fate::Skip { why } => {
                        tally
                            .skipped
                            .push((why, chapter.name.clone(), block.language.clone()))
                    }
                    Fate::File { .. } | Fate::Shown => {}
                }
            }
        }
        tally.skipped.sort();
        Ok(tally)
    }

    /// The figures.
    pub(super) fn markdown(&self) -> String {
        let mut out = String::from("| blocks | |\n|---|--:|\n");
        for (product, count) in &self.loaded {
            out.push_str(&format!("| loaded by {product} | {count} |\n"));
        }
        out.push_str(&format!("| run by a shell | {} |\n", self.run));
        out.push_str(&format!(
            "| outputs captured from a run | {} |\n",
            self.captured
        ));
        out.push_str(&format!(
            "| addresses refused by `propylon guard` | {} |\n",
            self.refused
        ));
        out.push_str(&format!(
            "| neither loaded nor run | {} |\n",
            self.skipped.len()
        ));
        out
    }

    /// What is not executed, and why.
    pub(super) fn skipped_markdown(&self) -> String {
        let mut out = String::from("| why | where |\n|---|---|\n");
        let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (why, name, language) in &self.skipped {
            let stem = name.trim_end_matches(".md");
            let word = stem.rsplit('/').next().unwrap_or(stem).replace('_', "-");
            let link = format!("[{word}]({name}) ({language})");
            by_reason.entry(why).or_default().push(link);
        }
        for (why, places) in by_reason {
            out.push_str(&format!("| {why} | {} |\n", places.join(", ")));
        }
        out
    }
}
