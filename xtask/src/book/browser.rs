//! Opens the book in Chromium, at the widths of a phone and of a desktop, light and dark.

use std::fs;
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;

use super::{html_folder, made_folder, prose_folder};
use crate::peers;

/// What the script found.
#[derive(Deserialize)]
struct Found {
    pages: usize,
    problems: Vec<String>,
}

/// Everything the browser, or axe in it, complains about. Screenshots are left under target/book/screenshots.
pub(super) fn check() -> anyhow::Result<Vec<String>> {
    let shots = made_folder().join("screenshots");
    fs::create_dir_all(&shots).with_context(|| format!("cannot make {}", shots.display()))?;
    let chromium = peers::command("chromium")?;
    let mut command = peers::command("node")?;
    let output: std::process::Output = Command::output(
        command
            .arg(prose_folder().join("browser.mjs"))
            .arg(html_folder())
            .arg(&shots)
            .arg(chromium.get_program())
            .arg(peers::modules("axe")?),
    )
    .context("cannot start Node")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let found: Found = serde_json::from_str(said.trim()).with_context(|| {
        format!(
            "the browser's script failed: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    anstream::println!(
        "{} pages opened; screenshots in {}",
        found.pages,
        shots.display()
    );
    Ok(found.problems)
}
