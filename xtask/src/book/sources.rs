//! Writes the book as mdBook wants it: the chapters with what is made for them, and the pages that are made whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use propylon_practices::{Group, PRACTICES};

use super::tally::Tally;
use super::{chapters, checklist, command_line, directive, page, practice_page, reference};
use super::{made_folder, prose_folder};

/// What pages are made from, besides the tables.
pub(super) struct Material<'m> {
    /// The built program, asked for its help.
    pub(super) program: &'m Path,
    pub(super) tally: Tally,
}

/// Everything under target/book but the HTML.
pub(super) fn write(program: &Path) -> anyhow::Result<()> {
    let material = Material {
        program,
        tally: Tally::of(&chapters::all()?)?,
    };
    // What an earlier book had must not be part of this one.
    if made_folder().exists() {
        fs::remove_dir_all(made_folder()).context("cannot clear the book's folder")?;
    }
    let source = made_folder().join("src");
    for name in ["book.toml", "assets"] {
        copy(&prose_folder().join(name), &made_folder().join(name))?;
    }
    for chapter in chapters::prose()? {
        let text = directive::expand(&material, &chapter.text, chapter.depth())
            .with_context(|| chapter.path.clone())?;
        put(
            &source.join(&chapter.name),
            &page::for_readers(&text, chapter.depth()),
        )?;
    }
    let generate = chapters::generate()?;
    put(
        &source.join(&generate.name),
        &page::for_readers(&generate.text, generate.depth()),
    )?;
    for practice in PRACTICES {
        let name = format!("practices/{}.md", page::stem(practice));
        put(
            &source.join(name),
            &page::for_readers(&practice_page::render(practice), 1),
        )?;
    }
    for &group in Group::ALL {
        let name = format!("practices/{}.md", group.as_str());
        put(&source.join(name), &practice_page::render_group(group))?;
    }
    put(&source.join("checklist.md"), &checklist::markdown())?;
    put(&source.join("checklist.json"), &checklist::json()?)?;
    put(
        &source.join("reference/command-line.md"),
        &command_line::render(material.program)?,
    )?;
    for (name, text) in reference::pages(material.program)? {
        put(&source.join("reference").join(name), &text)?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    let fences = text.lines().filter(|line| line.starts_with("```"));
    ensure!(
        fences.count() % 2 == 0,
        "{} ends within a block",
        path.display()
    );
    let folder = path.parent().context("a page lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a file, or a folder with what is in it.
fn copy(from: &Path, to: &PathBuf) -> anyhow::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
        return Ok(());
    }
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
