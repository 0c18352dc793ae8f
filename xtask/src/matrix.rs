//! `cargo xtask matrix`: the checker against a faulty proxy of our own and against real chains, good ones and each with one
//! practice broken, and generated ones.

mod document;
mod measured;

use std::fs;
use std::process::Child;

use anyhow::{Context, bail};

use crate::{peers, workspace};

/// Options of `cargo xtask matrix`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of the real products, run only what has this word in its name or its chain's; writes no document.
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
}

/// The tests that measure: package, test, and which of its functions are left out.
const TESTS: &[(&str, &str, &[&str])] = &[
    ("propylon-check", "check_faults", &[]),
    // The one is part of the whole, and the other loads the machine on purpose.
    (
        "propylon",
        "chains",
        &["serve_has_no_findings", "stability"],
    ),
];

/// Installs the products, runs both, and writes docs/check-matrix.md.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    peers::run(&peers::Args::default())?;
    for (package, test, _) in TESTS {
        let built = workspace::cargo()
            .args(["test", "--no-run", "--package", package, "--test", test])
            .status()
            .context("cannot start cargo")?;
        if !built.success() {
            bail!("{test} cannot be built");
        }
    }
    measured::forget();
    // Most of a check is waiting, so both run side by side.
    let mut running = Vec::new();
    for (package, test, left_out) in TESTS {
        if args.only.is_none() || *test == "chains" {
            running.push((*test, start(package, test, left_out, args)?));
        }
    }
    let mut failed = Vec::new();
    for (test, mut child) in running {
        if !child.wait().context("cannot wait for cargo")?.success() {
            failed.push(test);
        }
    }
    if args.only.is_none() {
        let text = document::render(&measured::read()?);
        let path = workspace::root().join("docs/check-matrix.md");
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        anstream::println!("wrote docs/check-matrix.md");
    }
    if !generated(args)? {
        failed.push("generated");
    }
    if !failed.is_empty() {
        bail!("misses or false alarms in {}", failed.join(" and "));
    }
    Ok(())
}

/// Checks the products on what `propylon generate` writes for them, after the measurement, which it is no part of.
fn generated(args: &Args) -> anyhow::Result<bool> {
    let mut command = workspace::cargo();
    command.args(["test", "--package", "propylon", "--test", "generated"]);
    // Its checks mostly wait in silence.
    command.env("GENERATED_PROFILE", "standard");
    command.args(args.only.as_slice());
    command.args(["--", "--test-threads=8"]);
    let status = command.status().context("cannot start cargo")?;
    Ok(status.success())
}

fn start(package: &str, test: &str, left_out: &[&str], args: &Args) -> anyhow::Result<Child> {
    let mut command = workspace::cargo();
    command.args(["test", "--package", package, "--test", test, "--"]);
    command.args(["--include-ignored", "--nocapture"]);
    for function in left_out {
        command.args(["--skip", function]);
    }
    if let Some(only) = &args.only {
        command
            .arg("good_chains_are_clean")
            .env("CHAINS_ONLY", only);
    }
    command.spawn().context("cannot start cargo")
}
