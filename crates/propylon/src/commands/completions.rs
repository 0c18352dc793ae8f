//! `propylon completions`: a script for the shell, in which `explain` knows every name.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

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
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if args.shell == Shell::Fish {
        script.push_str(&fish_ids());
    }
    terminal::print(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// The generator leaves the values of a command's own argument out for fish.
fn fish_ids() -> String {
    let ids = ids().join(" ");
    format!(
        "complete -c propylon -n \"__fish_propylon_using_subcommand explain\" -f -a \"{ids}\"\n"
    )
}

/// Names a shell can take as they are: brackets mean something else to it.
fn ids() -> Vec<&'static str> {
    catalog::entries()
        .map(Entry::id)
        .filter(|id| !id.contains(['<', '[']))
        .collect()
}
