//! The project's own tasks, as `cargo xtask …`.

mod bench;
mod book;
mod docs;
mod fuzz;
mod matrix;
mod peers;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own tasks. Run as `cargo xtask TASK`.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compare Propylon with the proxies it stands beside.
    Bench(bench::Args),
    /// Make the guide, and check it: every block run, every link followed.
    Book(book::Args),
    /// Write the documents that are made from tables of the code.
    Docs(docs::Args),
    /// Throw inputs that an instrumented run finds at the judge of URLs. A minute.
    Fuzz(fuzz::Args),
    /// Measure the checker on chains good and broken, and write docs/check-matrix.md. About 5 minutes.
    Matrix(matrix::Args),
    /// Install the real products that tests and benches run against, pinned, under target/peers.
    Peers(peers::Args),
    /// Run every check there is: peers, style, lints and all tests.
    Test(test::Args),
    /// Hold the style and the architecture's invariants.
    Tidy,
}

fn main() -> ExitCode {
    let done = match Args::parse().task {
        Task::Bench(args) => bench::run(args),
        Task::Book(args) => book::run(&args),
        Task::Docs(args) => docs::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Matrix(args) => matrix::run(&args),
        Task::Peers(args) => peers::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Tidy => tidy::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
