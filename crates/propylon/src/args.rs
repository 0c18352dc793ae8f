//! The command line as clap reads it; `--help` is written here.

pub(crate) mod backend;
pub(crate) mod check;
mod examples;
pub(crate) mod generate;
pub(crate) mod guard;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use propylon_practices::{EraScope, Product, Severity};

/// Run MCP servers behind a proxy that gets it right.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = examples::ALL)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colours. NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: clap::ColorChoice,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve: a reverse proxy for MCP servers.
    #[command(after_help = examples::SERVE)]
    Serve(Serve),
    /// Show it: three MCP servers, the proxy in front, and a walk through what it does.
    #[command(after_help = examples::DEMO)]
    Demo(Demo),
    /// Check a deployment description, or print its schema.
    #[command(subcommand)]
    Config(Config),
    /// Measure a deployed chain from outside, through real MCP traffic.
    #[command(after_help = examples::CHECK)]
    Check(Box<check::Check>),
    /// Run the MCP server that reports back what reached it, to be put behind the chain under test.
    #[command(after_help = examples::PROBE)]
    Probe(check::Probe),
    /// Write another product's configuration from a description, with every practice it can hold.
    #[command(after_help = examples::GENERATE)]
    Generate(generate::Generate),
    /// Judge URLs that users gave: may they be dialled, and which rule says no.
    #[command(after_help = examples::GUARD)]
    Guard(guard::Guard),
    /// Register servers for users with a running proxy, and see what became of them.
    #[command(after_help = examples::BACKEND)]
    Backend(Box<backend::Backend>),
    /// List the practices: what goes wrong between MCP clients and servers.
    #[command(after_help = examples::LIST)]
    List(List),
    /// Explain a practice, a reason of the proxy, or a configuration key.
    #[command(after_help = examples::EXPLAIN)]
    Explain(Explain),
    /// Print a completion script for a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(Completions),
}

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The deployment description.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["listen", "upstream"])]
    pub(crate) config: Option<PathBuf>,

    /// Where to listen. May be given more than once.
    #[arg(
        long,
        value_name = "ADDRESS",
        required_unless_present = "config",
        default_value = "127.0.0.1:8080"
    )]
    pub(crate) listen: Vec<SocketAddr>,

    /// An instance's MCP endpoint. Several are replicas of one server.
    #[arg(long, value_name = "URL", required_unless_present = "config", value_hint = ValueHint::Url)]
    pub(crate) upstream: Vec<String>,

    /// Where the admin listener answers /livez, /readyz and /metrics.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "config")]
    pub(crate) admin: Option<SocketAddr>,
}

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Where the proxy listens [default: 127.0.0.1:8080, or a free port where that is taken].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,

    /// End after the walk: exit code 0 when everything held, 1 when not.
    #[arg(long)]
    pub(crate) once: bool,
}

/// The commands of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Say everything that is wrong with a description, or what it serves. Nothing is started.
    #[command(after_help = examples::CONFIG_CHECK)]
    Check(ConfigCheck),
    /// Print the JSON Schema of a description.
    #[command(after_help = examples::CONFIG_SCHEMA)]
    Schema,
}

/// Arguments of `config check`.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigCheck {
    /// The deployment description.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "config")]
    pub(crate) file: Option<PathBuf>,

    /// The same, as `serve` takes it.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "file")]
    pub(crate) config: Option<PathBuf>,
}

/// Arguments of `list`.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of this severity.
    #[arg(long, value_name = "SEVERITY", value_parser = severity())]
    pub(crate) severity: Option<Severity>,

    /// Only those that concern this era; those of both eras concern either.
    #[arg(long, value_name = "ERA", value_parser = era())]
    pub(crate) era: Option<EraScope>,

    /// Only those that can be seen from outside, by traffic, or only those that cannot.
    #[arg(long, value_name = "WHERE")]
    pub(crate) seen: Option<SeenFrom>,

    /// For people, or for programs.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ListFormat,
}

/// Where a defect can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeenFrom {
    /// By traffic through the proxy.
    Outside,
    /// Only in the proxy itself.
    Inside,
}

/// How `list` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Lines for people.
    Human,
    /// An array of objects.
    Json,
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// A practice (sse-buffered), a reason (session-lost), or a key (limits.body_bytes).
    pub(crate) id: String,

    /// Of a practice's fixes, only the one for this product.
    #[arg(long, value_name = "PRODUCT", value_parser = product())]
    pub(crate) product: Option<Product>,
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

fn severity() -> impl clap::builder::TypedValueParser<Value = Severity> {
    words(
        Severity::ALL.iter().map(|each| each.as_str()),
        Severity::parse,
    )
}

fn era() -> impl clap::builder::TypedValueParser<Value = EraScope> {
    words(
        EraScope::ALL.iter().map(|each| each.as_str()),
        EraScope::parse,
    )
}

fn product() -> impl clap::builder::TypedValueParser<Value = Product> {
    words(
        Product::ALL.iter().map(|each| each.as_str()),
        Product::parse,
    )
}

/// Takes one of `words`, which are those that `parse` reads.
fn words<T: Clone + Send + Sync + 'static>(
    words: impl Iterator<Item = &'static str>,
    parse: fn(&str) -> Option<T>,
) -> impl clap::builder::TypedValueParser<Value = T> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(words.collect::<Vec<_>>())
        .try_map(move |word| parse(&word).ok_or_else(|| format!("`{word}` is not one of them")))
}
