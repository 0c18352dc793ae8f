//! Fenced blocks of Markdown: what each is, and what becomes of it.
//!
//! The first line of a block says it, behind the language:
//!
//! - `in=nginx/server`: loaded by the product, at that place of `book/contexts`.
//! - `run` or `run=STAGE`: run by a shell on a stage; `for=3` ends it after that many seconds.
//! - `output`: what the run before it wrote; captured, never typed. `…` lines stand for what was left out.
//! - `file=call.json`: written for the runs that follow on the page.
//! - `refused`: each word is a URL that `propylon guard` refuses.
//! - `skip="why"`: neither loaded nor run.

use anyhow::{Context, bail};

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) fate: Fate,
    pub(super) text: String,
    /// The line of its first mark, from 1.
    pub(super) line: usize,
}

/// What becomes of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Load {
        place: String,
    },
    Run {
        stage: String,
        seconds: Option<u64>,
    },
    Output,
    File {
        name: String,
    },
    Refused,
    Skip {
        why: String,
    },
    /// A message or a figure: nothing that could be run.
    Shown,
}

/// Languages of which nothing can be run: messages and what programs write.
const SHOWN: &[&str] = &["http", "json", "text"];
/// The stage of a `run` that names none.
pub(super) const STAGE: &str = "chain";

/// The blocks of a page, in order.
pub(super) fn blocks(markdown: &str) -> anyhow::Result<Vec<Block>> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in markdown.lines().enumerate() {
        let mark = line.strip_prefix("```");
        match (mark, open.as_mut()) {
            (Some(""), Some(_)) => found.extend(open.take()),
            (_, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (Some(info), None) => open = Some(begin(info, index + 1)?),
            (None, None) => {}
        }
    }
    if let Some(block) = open {
        bail!("line {}: the block is not closed", block.line);
    }
    Ok(found)
}

/// The language of an opening mark.
pub(super) fn language(info: &str) -> &str {
    info.split_whitespace().next().unwrap_or("text")
}

fn begin(info: &str, line: usize) -> anyhow::Result<Block> {
    let language = language(info).to_owned();
    let rest = info.get(language.len()..).unwrap_or_default();
    let said = attributes(rest).with_context(|| format!("line {line}: ```{info}"))?;
    let value = |key: &str| {
        let found = said.iter().find(|(each, _)| each == key);
        found.map(|(_, value)| value.clone())
    };
    let fate = if let Some(why) = value("skip") {
        Fate::Skip { why }
    } else if let Some(place) = value("in") {
        Fate::Load { place }
    } else if let Some(stage) = value("run") {
        let stage = if stage.is_empty() {
            STAGE.to_owned()
        } else {
            stage
        };
        let seconds = value("for").map(|text| text.parse()).transpose()?;
        Fate::Run { stage, seconds }
    } else if value("output").is_some() {
        Fate::Output
    } else if let Some(name) = value("file") {
        Fate::File { name }
    } else if value("refused").is_some() {
        Fate::Refused
    } else if SHOWN.contains(&&*language) {
        Fate::Shown
    } else {
        bail!(
            "line {line}: a block of {language} that is neither loaded nor run: in=, run or skip=\"why\""
        );
    };
    Ok(Block {
        language,
        fate,
        text: String::new(),
        line,
    })
}

/// `key`, `key=word` and `key="some words"`, separated by spaces.
fn attributes(text: &str) -> anyhow::Result<Vec<(String, String)>> {
    const KEYS: &[&str] = &["file", "for", "in", "output", "refused", "run", "skip"];
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if !KEYS.contains(&key) {
            bail!("`{key}` is not one of {}", KEYS.join(", "));
        }
        let (value, after) = match after.strip_prefix('=') {
            None => ("", after),
            Some(after) => match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').context("a quote is not closed")?,
                None => after.split_at(after.find(' ').unwrap_or(after.len())),
            },
        };
        found.push((key.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fate_is_read() {
        let check = |info: &str, expected: Fate| {
            let found = blocks(&format!("text\n```{info}\na\n\nb\n```\n")).expect("it reads");
            assert_eq!(found.len(), 1, "{info}");
            assert_eq!(
                (&found[0].fate, &*found[0].text),
                (&expected, "a\n\nb\n"),
                "{info}"
            );
        };
        check(
            "nginx in=nginx/server",
            Fate::Load {
                place: "nginx/server".into(),
            },
        );
        check(
            "sh run",
            Fate::Run {
                stage: STAGE.into(),
                seconds: None,
            },
        );
        check(
            "sh run=aws for=3",
            Fate::Run {
                stage: "aws".into(),
                seconds: Some(3),
            },
        );
        check("text output", Fate::Output);
        check(
            "json file=call.json",
            Fate::File {
                name: "call.json".into(),
            },
        );
        check(
            "sh skip=\"needs a kernel\"",
            Fate::Skip {
                why: "needs a kernel".into(),
            },
        );
        check("http", Fate::Shown);
    }

    #[test]
    fn a_block_without_a_fate_is_an_error() {
        assert!(blocks("```nginx\na;\n```\n").is_err());
        assert!(blocks("```nginx in=x later\na;\n```\n").is_err());
        assert!(blocks("```text\n").is_err());
    }
}
