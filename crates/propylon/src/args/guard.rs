//! The arguments of `guard`.

use std::net::SocketAddr;

use clap::{ValueEnum, ValueHint};

/// Arguments of `guard`.
#[derive(Debug, clap::Args)]
pub(crate) struct Guard {
    /// What to judge; `-` reads one a line from standard input.
    #[arg(value_name = "URL", required = true, value_hint = ValueHint::Url)]
    pub(crate) urls: Vec<String>,

    /// Let through what a rule would refuse: an address block, a name, or a suffix such as *.example.com.
    #[arg(long, value_name = "ENTRY")]
    pub(crate) allow: Vec<String>,

    /// Refuse whatever else says. Wins over --allow.
    #[arg(long, value_name = "ENTRY")]
    pub(crate) deny: Vec<String>,

    /// The ports that may be dialled.
    #[arg(long, value_name = "PORT", value_delimiter = ',', default_values_t = [443, 8443])]
    pub(crate) ports: Vec<u16>,

    /// Let http:// through as well.
    #[arg(long)]
    pub(crate) allow_http: bool,

    /// The DNS server to ask, instead of the system's own. May be given more than once.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) dns: Vec<SocketAddr>,

    /// For people, or for programs.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: GuardFormat,
}

/// How `guard` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GuardFormat {
    /// A line for each URL and each of its addresses.
    Human,
    /// An array with an object for each URL.
    Json,
}
