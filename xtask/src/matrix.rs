//! `cargo xtask matrix`: the checker against real chains, good ones and each with one practice broken, and generated ones.

use anyhow::{Context, bail};

use crate::{peers, workspace};

/// Options of `cargo xtask matrix`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of the real products, run only what has this word in its name or its chain's.
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
}

/// Installs the products, then runs the checker behind a faulty proxy of our own and behind real
/// products, which writes target/check-matrix.md.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    peers::run(&peers::Args::default())?;
    let mut failed = Vec::new();
    for (package, test) in [
        ("propylon-check", "check_faults"),
        ("propylon", "chains"),
        ("propylon", "generated"),
    ] {
        let mut command = workspace::cargo();
        command.args(["test", "--package", package, "--test", test]);
        if test == "generated" {
            // Its checks mostly wait in silence.
            command.env("GENERATED_PROFILE", "standard");
            command.args(args.only.as_slice());
            command.args(["--", "--test-threads=8"]);
        }
        if let Some(only) = &args.only {
            command.env("CHAINS_ONLY", only);
        }
        let status = command.status().context("cannot start cargo")?;
        if !status.success() {
            failed.push(test);
        }
    }
    if !failed.is_empty() {
        bail!(
            "misses or false alarms in {}; see target/check-matrix.md",
            failed.join(" and ")
        );
    }
    Ok(())
}
