//! What each command does.

mod backend;
mod check;
mod completions;
mod config;
mod demo;
mod explain;
mod generate;
mod guard;
mod list;
mod probe;
mod serve;

use std::process::ExitCode;

use crate::args::Command;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The description is wrong; its own words say where and how.
    #[error("{0}")]
    Config(#[from] propylon_config::ConfigErrors),
    /// The proxy could not start.
    #[error(transparent)]
    Start(#[from] propylon_proxy::StartError),
    /// The admin listener could not start.
    #[error("admin: {0}. Give another address with --admin or admin.address")]
    Admin(#[from] propylon_admin::AdminError),
    /// Registered servers cannot be served.
    #[error(transparent)]
    Backends(#[from] propylon_admin::backends::BackendsError),
    /// The files could not be written.
    #[error(transparent)]
    Generate(#[from] generate::GenerateError),
    /// There is nothing of that name to explain.
    #[error(transparent)]
    Unknown(#[from] crate::catalog::UnknownId),
    /// An argument that cannot be used.
    #[error("{0}")]
    Argument(String),
    /// The API did not do what was asked.
    #[error(transparent)]
    Api(#[from] backend::ApiError),
    /// There is nothing to check.
    #[error(transparent)]
    Check(#[from] propylon_check::CannotRun),
    /// The probe could not start.
    #[error("{0}; give another address with --listen")]
    Probe(String),
    /// The system refused something a command needs.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl CommandError {
    /// 2 for a mistake of whoever called; nothing here is a finding.
    pub(crate) fn exit_code(&self) -> u8 {
        2
    }
}

/// Runs a command.
pub(crate) fn run(command: Command) -> Result<ExitCode, CommandError> {
    match command {
        Command::Serve(args) => serve::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Backend(args) => backend::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Probe(args) => probe::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Guard(args) => guard::run(&args),
        Command::List(args) => list::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
