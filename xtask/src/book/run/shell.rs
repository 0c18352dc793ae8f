//! Runs the shell blocks of a page in order, and holds what they write against what the page shows.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use propylon_testkit::Guarded;

use super::load::last_lines;
use super::stage::Stages;
use crate::book::chapters::Chapter;
use crate::book::fence::{Block, Fate};
use crate::workspace;

/// No block of the book runs for longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Stands for lines that were left out.
const ELLIPSIS: &str = "…";

/// What came of a page's runs.
pub(super) struct Done {
    pub(super) wrong: Vec<String>,
    pub(super) captured: Vec<(usize, String)>,
}

/// What runs wrote, by the line of the output block it belongs into.
pub(super) struct Outputs(pub(super) Vec<(usize, String)>);

/// Runs every block of a page.
pub(super) fn run_page(stages: &mut Stages, path: &str, blocks: &[Block]) -> anyhow::Result<Done> {
    let mut done = Done {
        wrong: Vec::new(),
        captured: Vec::new(),
    };
    let mut last = String::new();
    for block in blocks {
        match &block.fate {
            Fate::File { name } => fs::write(stages.folder().join(name), &block.text)?,
            Fate::Run { stage, seconds } => {
                let command = stages.shell(stage, &block.text)?;
                let is_well = finish(command, *seconds);
                last = stages.shown(&stages.written()?);
                if !is_well {
                    done.wrong
                        .push(format!("{path}:{}: {}", block.line, last_lines(&last)));
                }
            }
            Fate::Output => done.captured.push((block.line, std::mem::take(&mut last))),
            Fate::Refused => {
                for url in block.text.split_whitespace() {
                    let said = stages.guard(url)?;
                    if said != Some(1) {
                        done.wrong
                            .push(format!("{path}:{}: {url} is not refused", block.line));
                    }
                }
            }
            Fate::Load { .. } | Fate::Skip { .. } | Fate::Shown => {}
        }
    }
    Ok(done)
}

/// Runs to the end, or for so many seconds: then whatever was written is what was wanted. Exit code 1 is a finding of ours, or
/// a search that found nothing, which a page may want to show.
fn finish(command: Command, seconds: Option<u64>) -> bool {
    let mut process = Guarded::start(command);
    let limit = seconds.map_or(PATIENCE, Duration::from_secs);
    let status = process.wait(limit);
    process.kill();
    match status {
        Some(status) => status.code().is_some_and(|code| code < 2),
        None => seconds.is_some(),
    }
}

impl Outputs {
    /// Where a page shows something else than what came.
    pub(super) fn compare(&self, chapter: &Chapter, blocks: &[Block]) -> Vec<String> {
        let shown = |line: usize| blocks.iter().find(|block| block.line == line);
        let differing = self.0.iter().filter_map(|(line, said)| {
            let block = shown(*line)?;
            let why = differs(&block.text, said)?;
            Some(format!(
                "{}:{line}: {why}; cargo xtask book --bless",
                chapter.path
            ))
        });
        differing.collect()
    }

    /// Writes what came into the page.
    pub(super) fn write(&self, chapter: &Chapter) -> anyhow::Result<()> {
        let path = workspace::root().join(&chapter.path);
        let mut lines = chapter.text.lines().enumerate();
        let mut out = String::new();
        while let Some((index, line)) = lines.next() {
            out.push_str(line);
            out.push('\n');
            let Some((_, said)) = self.0.iter().find(|(at, _)| *at == index + 1) else {
                continue;
            };
            let inside = lines.by_ref().map(|(_, line)| line);
            let old: Vec<&str> = inside.take_while(|line| *line != "```").collect();
            let old = old.join("\n");
            let keep = differs(&old, said).is_none();
            out.push_str(if keep { &old } else { said.trim_end() });
            out.push_str("\n```\n");
        }
        if out != chapter.text {
            fs::write(&path, out).with_context(|| format!("cannot write {}", path.display()))?;
            anstream::println!("wrote {}", chapter.path);
        }
        Ok(())
    }
}

/// The first shown line that did not come, in order. Numbers, ids and times may differ from run to run.
fn differs(shown: &str, said: &str) -> Option<String> {
    let said: Vec<String> = said.lines().map(plain).collect();
    let mut rest = said.iter();
    for line in shown.lines().filter(|line| line.trim() != ELLIPSIS) {
        let wanted = plain(line);
        if !rest.any(|line| *line == wanted) {
            return Some(format!("`{line}` did not come"));
        }
    }
    (shown.trim().is_empty() && !said.is_empty()).then(|| "nothing is shown".to_owned())
}

/// A line without what differs from run to run: numbers, words with digits in them, and how many spaces stand between.
fn plain(line: &str) -> String {
    let word = |word: &str| {
        if word.chars().any(|c| c.is_ascii_digit()) {
            "#".to_owned()
        } else {
            word.to_owned()
        }
    };
    let is_edge = |c: char| c.is_whitespace() || "\"',:;()[]{}<>=/".contains(c);
    let words: Vec<String> = line
        .split(is_edge)
        .filter(|part| !part.is_empty())
        .map(word)
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_differ_and_words_may_not() {
        assert_eq!(differs("took 3 ms\n", "took 14 ms\n"), None);
        assert_eq!(differs("a\n…\nc\n", "a\nb\nc\n"), None);
        assert!(differs("held\n", "broken\n").is_some());
        assert!(differs("c\na\n", "a\nb\nc\n").is_some());
        assert!(differs("", "a\n").is_some());
    }
}
