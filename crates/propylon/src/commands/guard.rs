//! `propylon guard`: may these URLs be dialled for a user, and which rule says no.

use std::io::{self, BufRead as _};
use std::process::ExitCode;

use propylon_config::GuardRules;
use propylon_net::dial::judge::{List, Policy, Refusal};
use propylon_net::dial::{Guard, Inspection, Resolver, own_addresses};
use serde::Serialize;

use super::CommandError;
use crate::args::guard::{Guard as Args, GuardFormat};
use crate::terminal::{self, ERROR, GOOD, Look, QUIET};

/// Judges each URL; 1 when one is refused.
pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let urls = urls(&args.urls)?;
    let policy = policy(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let judged = runtime.block_on(inspect(urls, policy, args))?;
    let is_clean = judged.iter().all(|(_, found)| found.refusal.is_none());
    let text = match args.format {
        GuardFormat::Human => human(&judged, Look::of_stdout()),
        GuardFormat::Json => json(&judged),
    };
    terminal::print(&text)?;
    Ok(ExitCode::from(u8::from(!is_clean)))
}

fn urls(given: &[String]) -> Result<Vec<String>, CommandError> {
    let mut urls = Vec::new();
    for url in given {
        if url != "-" {
            urls.push(url.clone());
            continue;
        }
        for line in io::stdin().lock().lines() {
            urls.push(line?);
        }
    }
    urls.retain(|url| !url.is_empty());
    Ok(urls)
}

fn policy(args: &Args) -> Result<Policy, CommandError> {
    let list = |flag: &str, entries: &[String]| {
        List::read(entries).map_err(|error| CommandError::Argument(format!("{flag}: {error}")))
    };
    let rules = GuardRules {
        allow: list("--allow", &args.allow)?,
        deny: list("--deny", &args.deny)?,
        ports: args.ports.clone(),
        allow_http: args.allow_http,
    };
    Ok(Policy::new(&rules, Vec::new(), own_addresses()))
}

async fn inspect(
    urls: Vec<String>,
    policy: Policy,
    args: &Args,
) -> Result<Vec<(String, Inspection)>, CommandError> {
    let resolver = Resolver::new(&args.dns)
        .map_err(|error| CommandError::Argument(format!("{error}; name a server with --dns")))?;
    let guard = Guard::new(resolver, policy);
    let mut judged = Vec::with_capacity(urls.len());
    for url in urls {
        let found = guard.inspect(&url).await;
        judged.push((url, found));
    }
    Ok(judged)
}

fn human(judged: &[(String, Inspection)], look: Look) -> String {
    let mut out = String::new();
    for (url, found) in judged {
        let url = url.escape_debug();
        match &found.refusal {
            None => out.push_str(&format!("{}  {url}\n", look.paint(GOOD, "allowed"))),
            Some(refusal) => out.push_str(&format!(
                "{}  {url}\n         {refusal} {}\n",
                look.paint(ERROR, "refused"),
                look.paint(QUIET, &format!("[{}]", refusal.rule.id()))
            )),
        }
        for judged in &found.addresses {
            let verdict = match &judged.refusal {
                None => "allowed".to_owned(),
                Some(refusal) => refusal.to_string(),
            };
            let line = format!("         {}  {verdict}\n", judged.address);
            out.push_str(&look.paint(QUIET, &line));
        }
    }
    out
}

/// A verdict as programs read it; the names of its fields are documented.
#[derive(Serialize)]
struct Row<'a> {
    url: &'a str,
    verdict: &'static str,
    #[serde(flatten)]
    reason: Option<Reason<'a>>,
    addresses: Vec<AddressRow<'a>>,
}

#[derive(Serialize)]
struct AddressRow<'a> {
    address: String,
    verdict: &'static str,
    #[serde(flatten)]
    reason: Option<Reason<'a>>,
}

#[derive(Serialize)]
struct Reason<'a> {
    rule: &'static str,
    reason: &'a str,
    source: &'a str,
}

impl<'a> Reason<'a> {
    fn of(refusal: Option<&'a Refusal>) -> Option<Self> {
        refusal.map(|refusal| Self {
            rule: refusal.rule.id(),
            reason: &refusal.what,
            source: &refusal.source_text,
        })
    }
}

fn verdict(refusal: Option<&Refusal>) -> &'static str {
    if refusal.is_none() {
        "allowed"
    } else {
        "refused"
    }
}

fn row((url, found): &(String, Inspection)) -> Row<'_> {
    let addresses = found.addresses.iter().map(|judged| AddressRow {
        address: judged.address.to_string(),
        verdict: verdict(judged.refusal.as_ref()),
        reason: Reason::of(judged.refusal.as_ref()),
    });
    Row {
        url,
        verdict: verdict(found.refusal.as_ref()),
        reason: Reason::of(found.refusal.as_ref()),
        addresses: addresses.collect(),
    }
}

fn json(judged: &[(String, Inspection)]) -> String {
    let rows: Vec<_> = judged.iter().map(row).collect();
    // Words only: writing them cannot fail.
    let text = serde_json::to_string_pretty(&rows).unwrap_or_default();
    format!("{text}\n")
}
