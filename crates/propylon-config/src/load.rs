//! From a file, a text or the command line to a deployment, with everything that is wrong said at once.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;

use crate::draft::{Draft, DraftRoute};
use crate::model::deployment::{Admin, Deployment, Listener};
use crate::problem::{ConfigErrors, Problem};
use crate::report::Report;
use crate::section::{Path as KeyPath, Placed, Section};
use crate::tree::{self, DOCUMENT_BYTES_MAX};
use crate::written::{Written, written};
use crate::{check, read};

/// A description that holds together, and what its author should know all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What to serve.
    pub deployment: Deployment,
    /// Nothing that stops it, in file order.
    pub warnings: Vec<Problem>,
    /// The keys that stand in the file, in its order; none for a command line.
    pub written: Vec<Written>,
}

/// What the command line calls itself where a file would give its name.
const COMMAND_LINE: &str = "command line";

/// Name of the one upstream of a command line.
const UPSTREAM: &str = "default";

/// Reads and checks the file at `path`.
pub fn load_file(path: impl AsRef<Path>) -> Result<Loaded, ConfigErrors> {
    let path = path.as_ref();
    let name = path.display().to_string();
    match read_text(path) {
        Ok(text) => load_str(&name, &text),
        Err(error) => {
            let report = Report::new(&name, "");
            report.add(Problem::error(
                "",
                format!("the file cannot be read: {error}"),
            ));
            conclude(report, None, Vec::new())
        }
    }
}

/// Checks `text`, called `name` in messages.
pub fn load_str(name: &str, text: &str) -> Result<Loaded, ConfigErrors> {
    let report = Report::new(name, text);
    let mut keys = Vec::new();
    let deployment = load(&report, text, &mut keys);
    conclude(report, deployment, keys)
}

impl Deployment {
    /// The deployment a command line describes: every URL an instance of one upstream, called `default`.
    ///
    /// The route is the URLs' path; where they have none, the endpoint is `/mcp` on both sides. Without `admin` the
    /// admin listener is at its default address.
    pub fn from_flags(
        listen: &[SocketAddr],
        upstream_urls: &[&str],
        admin: Option<SocketAddr>,
    ) -> Result<Loaded, ConfigErrors> {
        let report = Report::new(COMMAND_LINE, "");
        let deployment = load_flags(&report, listen, upstream_urls, admin);
        conclude(report, deployment, Vec::new())
    }
}

fn load(report: &Report<'_>, text: &str, keys: &mut Vec<Written>) -> Option<Deployment> {
    let root = tree::parse(text, report)?;
    *keys = written(&root);
    let start = root.position;
    let section = Section::open(report, &root, start, KeyPath::default())?;
    let draft = read::draft(section);
    check::check(report, &draft);
    draft.resolve()
}

fn load_flags(
    report: &Report<'_>,
    listen: &[SocketAddr],
    upstream_urls: &[&str],
    admin: Option<SocketAddr>,
) -> Option<Deployment> {
    if listen.is_empty() {
        let problem = Problem::error("--listen", "there is no address to listen on");
        report.add(problem.suggest("add `--listen 127.0.0.1:8080`"));
    }
    let upstream = read::flag_upstream(report, UPSTREAM, upstream_urls);
    let draft = Draft {
        listeners: listen
            .iter()
            .map(|address| Placed::flag("--listen", Listener::on(*address)))
            .collect(),
        routes: vec![DraftRoute {
            host: None,
            path: upstream.upstream.as_ref().map(|upstream| {
                Placed::flag(
                    "--upstream",
                    upstream.endpoints.path().trim_end_matches('/').to_owned(),
                )
            }),
            upstream: Some(Placed::flag("--upstream", UPSTREAM.to_owned())),
            cors: None,
            rewrite_metadata: false,
        }],
        upstreams: vec![upstream],
        admin: Some(match admin {
            Some(address) => {
                let explicit = true;
                (
                    Admin { address, explicit },
                    Some(Placed::flag("--admin", ())),
                )
            }
            None => (Admin::default(), None),
        }),
        ..Draft::default()
    };
    check::check(report, &draft);
    draft.resolve()
}

fn conclude(
    report: Report<'_>,
    deployment: Option<Deployment>,
    written: Vec<Written>,
) -> Result<Loaded, ConfigErrors> {
    let warnings = report.finish()?;
    match deployment {
        Some(deployment) => Ok(Loaded {
            deployment,
            warnings,
            written,
        }),
        None => Err(ConfigErrors { problems: warnings }),
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    // One byte more than is allowed is enough to see that there is too much.
    let mut text = String::new();
    let limit = DOCUMENT_BYTES_MAX as u64 + 1;
    File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}
