//! The bench program: `run` compares peers, and starts the other subcommands as its measuring processes.

mod clock;
mod floor;
mod http1;
mod link;
mod load;
mod measure;
mod message;
mod process;
mod report;
mod run;
mod upstream;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "propylon-bench",
    bin_name = "cargo xtask bench",
    version,
    about
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare peers on the same upstream and the same work
    #[command(
        override_usage = "cargo xtask bench [OPTIONS] [requests|streams|requests-tls|streams-tls]"
    )]
    Run(run::Args),
    /// The floor: copy bytes between one client connection and one upstream connection
    Floor(floor::Args),
    /// The MCP server that every peer stands in front of
    Upstream(upstream::Args),
    /// Send work through one peer and measure it
    #[command(subcommand)]
    Load(load::Command),
}

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run(args) => run::run(args),
        Command::Floor(args) => floor::run(&args),
        Command::Upstream(args) => upstream::run(&args),
        Command::Load(command) => load::run(command),
    }
}
