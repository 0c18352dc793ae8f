//! The arguments of `backend`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum, ValueHint};
use propylon_proxy::backends::BackendId;

use super::examples;

/// Arguments of `backend`.
#[derive(Debug, clap::Args)]
pub(crate) struct Backend {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,

    /// Where the API answers: backends.address of the description.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "PROPYLON_API",
        default_value = "http://127.0.0.1:9902",
        value_hint = ValueHint::Url
    )]
    pub(crate) api: String,

    /// A token of backends.token_file; `env:NAME` and `@FILE` read it from there.
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        default_value = "env:PROPYLON_TOKEN"
    )]
    pub(crate) token: String,

    /// For people, or for programs.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: BackendFormat,
}

/// The commands of `backend`.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Register a server, or replace it whole. Its URL is judged first.
    #[command(after_help = examples::BACKEND_ADD)]
    Add(Add),
    /// List what is registered.
    #[command(after_help = examples::BACKEND_LIST)]
    List(List),
    /// Show one server, without its secrets, and what the guard last said of it.
    #[command(after_help = examples::BACKEND_SHOW)]
    Show(Named),
    /// Forget a server. What is under way goes on to its end.
    #[command(after_help = examples::BACKEND_REMOVE)]
    Remove(Named),
}

/// Arguments of `backend add`.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// What it is called; clients reach it at /TENANT/NAME/mcp.
    #[arg(value_name = "TENANT/NAME")]
    pub(crate) id: BackendId,

    /// Its MCP endpoint.
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: String,

    /// A header every request is given, `Name: value`; a value may be `env:NAME` or `@FILE`. May be given more than once.
    #[arg(long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,

    /// A tool that may be called; without any, all may. May be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Vec<String>,

    /// No tool may be called.
    #[arg(long, conflicts_with = "tool")]
    pub(crate) no_tools: bool,

    /// PEM file: the roots that are trusted, and no others.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca: Option<PathBuf>,

    /// A public key it may have, `sha256/…`. May be given more than once.
    #[arg(long, value_name = "PIN")]
    pub(crate) pin: Vec<String>,

    /// Fail where a server of this name is registered already.
    #[arg(long)]
    pub(crate) new: bool,
}

/// Arguments of `backend list`.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of this tenant.
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
}

/// Which server is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// What it is called.
    #[arg(value_name = "TENANT/NAME")]
    pub(crate) id: BackendId,
}

/// How `backend` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendFormat {
    /// Lines for people.
    Human,
    /// What the API says.
    Json,
}
