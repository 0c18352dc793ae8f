//! `cargo xtask docs`: writes the documents that are made from tables of the code.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::workspace;

/// Options of `cargo xtask docs`.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Write nothing; fail when a document is not what the code says.
    #[arg(long)]
    pub(crate) check: bool,
}

/// A document, or a part of one, that the code renders.
struct Generated {
    path: &'static str,
    part: Part,
    render: fn() -> String,
}

/// How much of the file is made.
enum Part {
    /// All of it, under this heading.
    Whole { heading: &'static str },
    /// All of it, for programs.
    Data,
    /// What stands between `<!-- NAME -->` and `<!-- /NAME -->`.
    Between { name: &'static str },
}

/// Every generated document, sorted by path.
const GENERATED: &[Generated] = &[
    Generated {
        path: "docs/diagnosis.md",
        part: Part::Whole {
            heading: "Diagnosis in passing",
        },
        render: propylon_proxy::diagnosis_markdown,
    },
    Generated {
        path: "docs/operating.md",
        part: Part::Between { name: "log fields" },
        render: propylon_proxy::log_fields_markdown,
    },
    Generated {
        path: "docs/propylon.schema.json",
        part: Part::Data,
        render: || format!("{:#}", propylon_config::json_schema()),
    },
    Generated {
        path: "docs/reasons.md",
        part: Part::Whole { heading: "Reasons" },
        render: propylon_proxy::reasons_markdown,
    },
    Generated {
        path: "docs/settings.md",
        part: Part::Whole {
            heading: "Settings of propylon.yaml",
        },
        render: propylon_config::settings_markdown,
    },
];

/// Says who writes the file, to who would edit it.
const NOTICE: &str = "<!-- Written by `cargo xtask docs` from the code. -->";

/// Writes, or with `--check` compares, every generated document.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut stale = Vec::new();
    for generated in GENERATED {
        let path = workspace::root().join(generated.path);
        let old = fs::read_to_string(&path).unwrap_or_default();
        let new = fill(&old, &generated.part, &(generated.render)())
            .with_context(|| format!("cannot write into {}", generated.path))?;
        if old == new {
            continue;
        }
        if args.check {
            stale.push(generated.path);
        } else {
            write(&path, &new)?;
            anstream::println!("wrote {}", generated.path);
        }
    }
    if !stale.is_empty() {
        bail!(
            "not what the code says: {}; run cargo xtask docs",
            stale.join(", ")
        );
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The file's text with the rendered part in its place.
fn fill(old: &str, part: &Part, rendered: &str) -> anyhow::Result<String> {
    let rendered = rendered.trim_end();
    let name = match part {
        Part::Whole { heading } => return Ok(format!("# {heading}\n\n{NOTICE}\n\n{rendered}\n")),
        Part::Data => return Ok(format!("{rendered}\n")),
        Part::Between { name } => name,
    };
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let (before, rest) = old
        .split_once(&begin)
        .with_context(|| format!("it has no {begin}"))?;
    let (_, after) = rest
        .split_once(&end)
        .with_context(|| format!("it has no {end}"))?;
    Ok(format!("{before}{begin}\n\n{rendered}\n\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_sorted() {
        assert!(GENERATED.is_sorted_by_key(|generated| generated.path));
    }

    #[test]
    fn a_part_is_replaced_and_the_rest_kept() {
        let part = Part::Between { name: "table" };
        let old = "# A\n<!-- table -->\nold\n<!-- /table -->\nB\n";
        let new = fill(old, &part, "new\n").expect("the markers are there");
        assert_eq!(new, "# A\n<!-- table -->\n\nnew\n\n<!-- /table -->\nB\n");
        assert_eq!(fill(&new, &part, "new\n").expect("they still are"), new);
    }

    #[test]
    fn a_missing_marker_is_named() {
        let part = Part::Between { name: "table" };
        let error = fill("<!-- table -->", &part, "x").expect_err("the end is missing");
        assert!(error.to_string().contains("<!-- /table -->"), "{error}");
    }
}
