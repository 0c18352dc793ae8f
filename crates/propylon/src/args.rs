//! The command line as clap reads it; `--help` is written here.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueHint};

/// Run MCP servers behind a proxy that gets it right.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colours. NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: clap::ColorChoice,
}

const EXIT_CODES: &str = "Exit codes: 0 all well, 1 findings, 2 usage or configuration error.";

const SERVE_EXAMPLES: &str = "\
Examples:
  # One server, no file: clients use http://127.0.0.1:8080/mcp
  propylon serve --listen 127.0.0.1:8080 --upstream http://127.0.0.1:3001/mcp

  # Three replicas; every session stays with the one that began it
  propylon serve --listen 127.0.0.1:8080 --upstream http://127.0.0.1:3001/mcp \\
    --upstream http://127.0.0.1:3002/mcp --upstream http://127.0.0.1:3003/mcp

  # Everything else is in a file; see `propylon config schema`
  propylon serve -c propylon.yaml

Signals: SIGHUP reads the file again, SIGTERM drains and ends, a second one ends at once.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve: a reverse proxy for MCP servers.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Serve),
}

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The deployment description.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["listen", "upstream"])]
    pub(crate) config: Option<PathBuf>,

    /// Where to listen. May be given more than once.
    #[arg(long, value_name = "ADDRESS", required_unless_present = "config", default_value = "127.0.0.1:8080")]
    pub(crate) listen: Vec<SocketAddr>,

    /// An instance's MCP endpoint. Several are replicas of one server.
    #[arg(long, value_name = "URL", required_unless_present = "config", value_hint = ValueHint::Url)]
    pub(crate) upstream: Vec<String>,

    /// Where the admin listener answers /livez, /readyz and /metrics.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "config")]
    pub(crate) admin: Option<SocketAddr>,
}
