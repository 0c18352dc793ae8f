//! `cargo xtask matrix`: the checker against real chains, good ones and each with one practice broken.

use anyhow::{Context, bail};

use crate::{peers, workspace};

/// Options of `cargo xtask matrix`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only what has this word in its name or its chain's.
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
}

/// Installs the products, then runs the matrix, which writes target/check-matrix.md.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    peers::run(&peers::Args::default())?;
    let mut command = workspace::cargo();
    command.args(["test", "--package", "propylon", "--test", "chains"]);
    if let Some(only) = &args.only {
        command.env("CHAINS_ONLY", only);
    }
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the matrix has misses or false alarms; see target/check-matrix.md");
    }
    Ok(())
}
