//! The `propylon` program: its command line, and what each command does.

mod args;
mod catalog;
mod commands;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

// Fewer and larger pages held by idle streams than the system's allocator, and returned sooner.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    terminal::choose_colour(args.color);
    match commands::run(args.command) {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
