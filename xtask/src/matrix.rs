//! `cargo xtask matrix`: the checker against real chains, good ones and each with one practice broken.

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
    for (package, test) in [("propylon-check", "check_faults"), ("propylon", "chains")] {
        let mut command = workspace::cargo();
        command.args(["test", "--package", package, "--test", test]);
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
