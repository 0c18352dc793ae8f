//! `cargo xtask bench`: builds the bench program and Propylon for release, and runs the comparison.

use std::ffi::{OsStr, OsString};
use std::process::{self, Command};

use anyhow::{Context, ensure};

use crate::workspace;

/// Everything is handed to the bench program, which knows its options (`cargo xtask bench --help`).
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// [requests|streams|requests-tls|streams-tls] [--peers a,b,c] [--seconds N] [--rounds N] [--connections a,b] [--streams N] [--out DIR]
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "OPTIONS"
    )]
    options: Vec<OsString>,
}

/// Runs the comparison; what is measured must be release-built.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let built = workspace::cargo()
        .args(["build", "--release", "--package=propylon-bench"])
        .arg("--package=propylon")
        .status()
        .context("cannot start cargo")?;
    ensure!(built.success(), "the release build failed");
    // The user's own folder, so that a relative --out means what it says.
    let status = Command::new(workspace::root().join("target/release/propylon-bench"))
        .arg(OsStr::new("run"))
        .args(args.options)
        .status()
        .context("cannot start the bench program")?;
    process::exit(status.code().unwrap_or(1));
}
