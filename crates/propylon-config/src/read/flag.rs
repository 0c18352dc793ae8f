//! Reads the upstream a command line describes.

use super::upstream::judge_urls;
use super::word;
use crate::draft::DraftUpstream;
use crate::kind::Kind;
use crate::model::upstream::{Endpoints, Upstream};
use crate::model::upstream_url::UpstreamUrl;
use crate::problem::Problem;
use crate::report::Report;
use crate::section::Placed;

const FLAG: &str = "--upstream";

/// The endpoint where a URL names no path: what the MCP SDKs serve by default.
const ENDPOINT: &str = "/mcp";

/// One upstream called `name` whose instances are at `urls`.
pub(crate) fn flag_upstream(report: &Report<'_>, name: &str, urls: &[&str]) -> DraftUpstream {
    if urls.is_empty() {
        let problem = Problem::error(FLAG, "there is no upstream to send requests to");
        report.add(problem.suggest("add `--upstream http://127.0.0.1:3001/mcp`"));
    }
    let read: Vec<_> = urls.iter().filter_map(|text| url(report, text)).collect();
    judge_urls(report, &read);
    let places = read.iter().map(|_| Placed::flag(FLAG, ())).collect();
    let endpoints = Endpoints::Urls(read.into_iter().map(|url| url.value).collect());
    DraftUpstream {
        name: Placed::flag(FLAG, name.to_owned()),
        upstream: Some(Upstream::new(name, endpoints)),
        urls: places,
        health_path: None,
    }
}

fn url(report: &Report<'_>, text: &str) -> Option<Placed<UpstreamUrl>> {
    match word::url(text, Kind::Url) {
        Ok(mut url) => {
            if url.path.is_empty() {
                ENDPOINT.clone_into(&mut url.path);
            }
            Some(Placed::flag(FLAG, url))
        }
        Err(refusal) => {
            let summary = format!("`{text}` is not a URL of an MCP endpoint");
            let mut problem = Problem::error(FLAG, refusal.summary.unwrap_or(summary))
                .found(text)
                .expected(Kind::Url.expected());
            problem.suggestion = refusal.suggestion;
            report.add(problem);
            None
        }
    }
}
