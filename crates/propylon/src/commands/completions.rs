//! `propylon completions`: a script for the shell, in which `explain` knows every name.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::builder::PossibleValuesParser;

use super::CommandError;
use crate::args::{Args, Completions};
use crate::catalog::{self, Entry};
use crate::terminal;

/// Prints the script.
pub(crate) fn run(args: &Completions) -> Result<ExitCode, CommandError> {
    let mut command = Args::command().mut_subcommand("explain", |explain| {
        explain.mut_arg("id", |id| id.value_parser(PossibleValuesParser::new(ids())))
    });
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "propylon", &mut script);
    terminal::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Names a shell can take as they are: brackets mean something else to it.
fn ids() -> Vec<&'static str> {
    catalog::entries()
        .map(Entry::id)
        .filter(|id| !id.contains(['<', '[']))
        .collect()
}
