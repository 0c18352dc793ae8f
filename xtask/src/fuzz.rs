//! `cargo xtask fuzz`: the fuzz target, built on the stable toolchain, for a bounded time.

use std::process::Command;

use anyhow::{Context, bail};

use crate::workspace;

/// Options of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how many seconds inputs are tried.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// What cargo-fuzz tells the compiler so that libFuzzer sees where an input leads, without a sanitizer: those need nightly.
const GUIDED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cdebug-assertions -Ccodegen-units=1 \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds the target and runs it; what fails is left as target/fuzz/crash-….
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = workspace::root().join("target/fuzz");
    let host = host()?;
    // With a target named, build scripts and macros are compiled without the flags.
    let built = workspace::cargo()
        .args([
            "build",
            "--release",
            "--locked",
            "--manifest-path",
            "fuzz/Cargo.toml",
        ])
        .args(["--target", &host, "--target-dir"])
        .arg(&folder)
        .env("RUSTFLAGS", GUIDED)
        .status()
        .context("cannot start cargo")?;
    if !built.success() {
        bail!("the fuzz target cannot be built");
    }
    let ran = Command::new(folder.join(host).join("release/guard"))
        .arg(format!("-max_total_time={}", args.seconds))
        .arg(format!("-artifact_prefix={}/", folder.display()))
        .status()
        .context("cannot start the fuzz target")?;
    if !ran.success() {
        bail!("an input failed: it is in {}", folder.display());
    }
    Ok(())
}

/// The machine's own target, as the compiler calls it.
fn host() -> anyhow::Result<String> {
    let asked = Command::new("rustc").arg("-vV").output();
    let said = String::from_utf8(asked.context("cannot start rustc")?.stdout)?;
    let line = said.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc names no host")
}
