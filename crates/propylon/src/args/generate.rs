//! The arguments of `generate`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use propylon_dialects::{TARGETS, Target, Version};

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The product.
    #[arg(required_unless_present = "matrix", value_parser = target())]
    pub(crate) target: Option<&'static Target>,

    /// The deployment description.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["listen", "upstream"])]
    pub(crate) config: Option<PathBuf>,

    /// Where to listen, as `serve` takes it. May be given more than once.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: Vec<SocketAddr>,

    /// An instance's MCP endpoint, as `serve` takes it. Several are replicas of one server.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) upstream: Vec<String>,

    /// Write the files into this folder, all or none; standard output when not given.
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,

    /// Replace files in the folder that this command did not write.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,

    /// The nginx the files are for [default: the newest].
    #[arg(long, value_name = "VERSION")]
    pub(crate) nginx_version: Option<Version>,

    /// Say what the product will not hold, and which settings it has no counterpart for.
    #[arg(long)]
    pub(crate) report: bool,

    /// Say which product holds which practice.
    #[arg(long, conflicts_with_all = ["config", "listen", "upstream", "output", "report"])]
    pub(crate) matrix: bool,

    /// How a report or the matrix is written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ReportFormat,
}

/// How a report or the matrix is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For a person at a terminal.
    Human,
    /// For programs.
    Json,
    /// For documents.
    Markdown,
}

fn target() -> impl clap::builder::TypedValueParser<Value = &'static Target> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(TARGETS.iter().map(|target| target.name()))
        .try_map(|word| propylon_dialects::find(&word).ok_or("no such target"))
}
