//! The arguments of `check` and `probe`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use propylon_check::{Endpoint, Redirected};
use propylon_practices::Product;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The MCP endpoint as clients use it.
    #[arg(value_name = "URL", value_hint = ValueHint::Url, value_parser = Endpoint::parse)]
    pub(crate) url: Endpoint,

    /// How long it may take: quick waits 8 s and ends within 30 s, standard waits 75 s, full 330 s.
    #[arg(long, value_name = "PROFILE", default_value = "standard")]
    pub(crate) profile: ProfileName,

    /// The probe's token; `env:NAME` and `@FILE` read it from there.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// How long an answer may take that should come at once, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// Speak HTTP/1.1 only; each version that the endpoint offers is tried otherwise.
    #[arg(long = "http1.1", conflicts_with = "http2")]
    pub(crate) http1: bool,

    /// Speak HTTP/2 only; over plain http by prior knowledge.
    #[arg(long)]
    pub(crate) http2: bool,

    /// A header for every request, `Name: value`; a value may be `env:NAME` or `@FILE`.
    #[arg(long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,

    /// The same for a second principal, who must not get at the first one's sessions.
    #[arg(long, value_name = "HEADER")]
    pub(crate) second_header: Vec<String>,

    /// Run only these checks.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(crate) select: Vec<String>,

    /// Leave these checks out.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,

    /// Trust the certificate authorities of this PEM file too.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca: Option<PathBuf>,

    /// Find a host and port at this address.
    #[arg(long, value_name = "HOST:PORT:ADDRESS", value_parser = redirected)]
    pub(crate) resolve: Vec<Redirected>,

    /// The product the fixes are for; guessed from the answers when not given.
    #[arg(long, value_name = "PRODUCT", value_parser = product())]
    pub(crate) product: Option<Product>,

    /// The path of the health check; common ones are tried when not given.
    #[arg(long, value_name = "PATH")]
    pub(crate) health: Option<String>,

    /// An origin browsers are meant to come from; the URL's own when not given.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: Option<String>,

    /// Open more streams than this, and see how the rest are refused.
    #[arg(long, value_name = "STREAMS")]
    pub(crate) streams_limit: Option<usize>,

    /// How the report is written.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ReportFormat,

    /// Where the report is written; standard output when not given.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

/// How long a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// Quiet periods of 8 s.
    Quick,
    /// Quiet periods of 75 s.
    Standard,
    /// Quiet periods of 330 s.
    Full,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For a person at a terminal.
    Human,
    /// For programs.
    Json,
    /// For systems that show tests.
    Junit,
    /// For systems that show findings.
    Sarif,
    /// One page with pictures.
    Html,
}

/// Arguments of `probe`.
#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// The first instance's address; the others take the ports that follow.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9101")]
    pub(crate) listen: SocketAddr,

    /// How many instances, each with its own sessions.
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) instances: u16,

    /// What the instance calls itself; needed when each runs on a host of its own.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The token that tools ask for that disturb; `env:NAME` and `@FILE` read it from there.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// After how many seconds idle a kept connection is closed.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) keep_alive: Duration,
}

impl Probe {
    /// Whether others than this machine can reach it.
    pub(crate) fn is_public(&self) -> bool {
        match self.listen.ip() {
            IpAddr::V4(address) => !address.is_loopback(),
            IpAddr::V6(address) => !address.is_loopback(),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .trim_end_matches('s')
        .parse()
        .map_err(|_| "a number of seconds is needed".to_owned())?;
    if (0.1..=3_600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("from 0.1 to 3600 seconds".into())
    }
}

fn redirected(text: &str) -> Result<Redirected, String> {
    Redirected::parse(text)
        .ok_or_else(|| "HOST:PORT:ADDRESS is needed, as in mcp.example.com:443:192.0.2.1".into())
}

fn product() -> impl clap::builder::TypedValueParser<Value = Product> {
    use clap::builder::TypedValueParser as _;
    clap::builder::PossibleValuesParser::new(Product::ALL.iter().map(|product| product.as_str()))
        .try_map(|word| Product::parse(&word).ok_or("no such product"))
}
