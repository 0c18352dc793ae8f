//! Where blocks stand: the chapters under `book/src`, and the pages of the practices.

use std::fs;
use std::path::Path;

use anyhow::Context;
use propylon_practices::PRACTICES;

use super::page::stem;
use super::prose_folder;
use crate::workspace;

/// A page as somebody wrote it.
#[derive(Clone, Debug)]
pub(super) struct Chapter {
    /// From the workspace's root.
    pub(super) path: String,
    /// Within the book.
    pub(super) name: String,
    pub(super) text: String,
}

impl Chapter {
    /// How many folders down it is.
    pub(super) fn depth(&self) -> usize {
        self.name.matches('/').count()
    }
}

/// The chapters, sorted by name.
pub(super) fn prose() -> anyhow::Result<Vec<Chapter>> {
    let mut found = Vec::new();
    collect(&prose_folder().join("src"), "", &mut found)?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The document about `propylon generate`, which is a page of the reference too.
pub(super) fn generate() -> anyhow::Result<Chapter> {
    let path = "docs/generate.md";
    let text = fs::read_to_string(workspace::root().join(path))
        .with_context(|| format!("cannot read {path}"))?;
    Ok(Chapter {
        path: path.to_owned(),
        name: "reference/generate.md".to_owned(),
        text,
    })
}

/// Every page with blocks: the chapters, that document, and the practices.
pub(super) fn all() -> anyhow::Result<Vec<Chapter>> {
    let mut found = prose()?;
    found.push(generate()?);
    found.extend(PRACTICES.iter().map(|practice| Chapter {
        path: format!(
            "crates/propylon-practices/src/practices/{}.md",
            stem(practice)
        ),
        name: format!("practices/{}.md", stem(practice)),
        text: practice.doc.to_owned(),
    }));
    Ok(found)
}

fn collect(folder: &Path, name: &str, found: &mut Vec<Chapter>) -> anyhow::Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let last = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name}{last}");
        if path.is_dir() {
            collect(&path, &format!("{name}/"), found)?;
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            found.push(Chapter {
                path: format!("book/src/{name}"),
                name,
                text,
            });
        }
    }
    Ok(())
}
