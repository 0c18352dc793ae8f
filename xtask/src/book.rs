//! `cargo xtask book`: the guide, from prose and from the tables of the code, to HTML; and everything that holds it true.
//!
//! Prose is under `book/src`. What comes from a table is made at build time and never committed, so it cannot be stale:
//! `sources` writes the whole book under target/book/src, and mdBook makes HTML of it.

mod browser;
mod chapters;
mod checklist;
mod command_line;
mod directive;
mod fence;
mod links;
mod page;
mod picture;
mod practice_page;
mod product_page;
mod reference;
mod run;
mod sources;
mod tally;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{peers, workspace};

/// Options of `cargo xtask book`.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Also run every block, compare captured outputs, and follow every link.
    #[arg(long)]
    pub(crate) check: bool,
    /// Run the blocks whose output is shown, and write the output into the chapters.
    #[arg(long)]
    pub(crate) bless: bool,
    /// Also open the pages in Chromium, at the widths of a phone and of a desktop.
    #[arg(long)]
    pub(crate) browser: bool,
    /// Of the blocks, only those in files or places with this word.
    #[arg(long, value_name = "WORD")]
    pub(crate) only: Option<String>,
}

/// Makes the book, and with `--check` everything that can be wrong with it is looked for.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let program = build_propylon()?;
    let mut wrong = Vec::new();
    if args.bless || args.check {
        wrong.extend(run::run(&program, args.bless, args.only.as_deref())?);
    }
    sources::write(&program)?;
    make()?;
    anstream::println!("wrote {}", html_folder().join("index.html").display());
    if args.check {
        wrong.extend(links::check()?);
    }
    if args.browser {
        wrong.extend(browser::check()?);
    }
    for what in &wrong {
        anstream::println!("{what}");
    }
    if !wrong.is_empty() {
        bail!("{} things are wrong with the book", wrong.len());
    }
    Ok(())
}

/// Where the prose is.
fn prose_folder() -> PathBuf {
    workspace::root().join("book")
}

/// Where the book is made.
fn made_folder() -> PathBuf {
    workspace::root().join("target/book")
}

/// Where mdBook puts the pages.
fn html_folder() -> PathBuf {
    made_folder().join("html")
}

/// The program whose help, output and behaviour the book shows.
fn build_propylon() -> anyhow::Result<PathBuf> {
    let built = workspace::cargo()
        .args(["build", "--quiet", "--package", "propylon"])
        .args(["--message-format", "json"])
        .output()
        .context("cannot start cargo")?;
    if !built.status.success() {
        bail!(
            "propylon cannot be built: {}",
            String::from_utf8_lossy(&built.stderr)
        );
    }
    let said = String::from_utf8_lossy(&built.stdout);
    let mut program = said.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "propylon";
        let path = message["executable"].as_str()?;
        is_ours.then(|| PathBuf::from(path))
    });
    program.next_back().context("cargo names no program")
}

fn make() -> anyhow::Result<()> {
    let mut mdbook = peers::command("mdbook")?;
    mdbook.arg("build").arg(made_folder());
    run_quietly(&mut mdbook)
}

/// Runs a tool; what it wrote is in the error when it fails.
fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    let typed = workspace::as_typed(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start {typed}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{typed}: {}", String::from_utf8_lossy(&said));
    }
    Ok(())
}
