//! Loads and runs every block of the book: configuration in the product it is for, commands in a shell on a stage.

mod aws;
mod load;
mod sandbox;
mod shell;
mod stage;
mod traefik;
mod worker;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, bail};

pub(super) use stage::metrics;

use super::chapters::{self, Chapter};
use super::fence::{self, Block, Fate};

/// A block to be loaded, and where it stands.
struct Load {
    at: String,
    place: String,
    text: String,
}

/// Everything that is wrong with the blocks. With `bless`, outputs are written instead of compared.
pub(super) fn run(program: &Path, bless: bool, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let begun = Instant::now();
    let mut loads: BTreeMap<String, Vec<Load>> = BTreeMap::new();
    let mut pages = Vec::new();
    for chapter in chapters::all()? {
        let blocks = fence::blocks(&chapter.text).with_context(|| chapter.path.clone())?;
        for block in &blocks {
            if let Fate::Load { place } = &block.fate
                && is_wanted(only, &[&chapter.path, place])
            {
                let product = place.split('/').next().unwrap_or_default();
                loads.entry(product.to_owned()).or_default().push(Load {
                    at: format!("{}:{}", chapter.path, block.line),
                    place: place.clone(),
                    text: block.text.clone(),
                });
            }
        }
        if is_wanted(only, &[&chapter.path]) && blocks.iter().any(is_run) {
            pages.push((chapter, blocks));
        }
    }
    let count: usize = loads.values().map(Vec::len).sum();
    let mut wrong = if bless {
        Vec::new()
    } else {
        load_all(program, loads)?
    };
    wrong.extend(run_all(program, &pages, bless)?);
    anstream::println!(
        "{count} blocks loaded and {} pages run in {:.0} s",
        pages.len(),
        begun.elapsed().as_secs_f32()
    );
    Ok(wrong)
}

fn is_wanted(only: Option<&str>, names: &[&str]) -> bool {
    only.is_none_or(|word| names.iter().any(|name| name.contains(word)))
}

fn is_run(block: &Block) -> bool {
    matches!(block.fate, Fate::Run { .. } | Fate::Refused)
}

/// Loads product by product, a thread each: most of it is waiting for products to start.
fn load_all(program: &Path, loads: BTreeMap<String, Vec<Load>>) -> anyhow::Result<Vec<String>> {
    let threads: Vec<_> = loads
        .into_iter()
        .map(|(product, blocks)| {
            let program = program.to_owned();
            thread::spawn(move || load_product(&program, &product, &blocks))
        })
        .collect();
    let mut wrong = Vec::new();
    for thread in threads {
        match thread.join() {
            Ok(found) => wrong.extend(found?),
            Err(_) => bail!("a loader ended with a panic; see above"),
        }
    }
    wrong.sort();
    Ok(wrong)
}

fn load_product(program: &Path, product: &str, blocks: &[Load]) -> anyhow::Result<Vec<String>> {
    let sandbox = sandbox::Sandbox::new()?;
    let begun = Instant::now();
    let mut wrong = Vec::new();
    for block in blocks {
        let filled = sandbox
            .fill(&block.place, &block.text)
            .with_context(|| block.at.clone())?;
        if let Err(said) = load::load(program, product, &sandbox, &block.place, &filled)? {
            wrong.push(format!(
                "{}: not loaded at {}: {said}",
                block.at, block.place
            ));
        }
    }
    anstream::println!(
        "  {product}: {} blocks in {:.1} s",
        blocks.len(),
        begun.elapsed().as_secs_f32()
    );
    Ok(wrong)
}

/// Runs page by page, each on stages of its own.
fn run_all(
    program: &Path,
    pages: &[(Chapter, Vec<Block>)],
    bless: bool,
) -> anyhow::Result<Vec<String>> {
    let mut stages = stage::Stages::new(program)?;
    let mut wrong = Vec::new();
    for (chapter, blocks) in pages {
        let done = shell::run_page(&mut stages, &chapter.path, blocks)
            .with_context(|| chapter.path.clone())?;
        wrong.extend(done.wrong);
        let outputs = shell::Outputs(done.captured);
        if bless {
            outputs.write(chapter)?;
        } else {
            wrong.extend(outputs.compare(chapter, blocks));
        }
    }
    Ok(wrong)
}
