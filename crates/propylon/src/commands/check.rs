//! `propylon check`: measures a chain from outside, shows how it goes, and writes the report.

mod live;

use std::path::Path;
use std::process::ExitCode;

use propylon_check::report::{html, human, json, junit, sarif};
use propylon_check::{CheckOptions, Hidden, HttpVersion, Profile, RunReport, check};

use super::CommandError;
use crate::args::check::{Check, ProfileName, ReportFormat};

/// Runs the checks: exit code 1 when a practice does not hold.
pub(crate) fn run(args: &Check) -> Result<ExitCode, CommandError> {
    let options = options(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let live = live::Live::new();
    let shown = live.clone();
    let outcome = runtime.block_on(check(options, move |progress| shown.show(&progress)));
    live.clear();
    let report = outcome?;
    write(args, &report)?;
    Ok(ExitCode::from(u8::from(report.has_findings())))
}

fn options(args: &Check) -> Result<CheckOptions, CommandError> {
    let mut options = CheckOptions::new(args.url.clone());
    options.profile = match args.profile {
        ProfileName::Quick => Profile::Quick,
        ProfileName::Standard => Profile::Standard,
        ProfileName::Full => Profile::Full,
    };
    options.token = args
        .token
        .as_deref()
        .map(secret)
        .transpose()?
        .map(Hidden::new);
    options.timeout = args.timeout;
    options.http = match (args.http1, args.http2) {
        (true, _) => Some(HttpVersion::One),
        (_, true) => Some(HttpVersion::Two),
        _ => None,
    };
    options.headers = headers(&args.header)?;
    options.second_headers = headers(&args.second_header)?;
    options.select.clone_from(&args.select);
    options.skip.clone_from(&args.skip);
    options.authority.clone_from(&args.ca);
    options.resolve.clone_from(&args.resolve);
    options.product = args.product;
    options.health.clone_from(&args.health);
    options.origin.clone_from(&args.origin);
    options.streams_limit = args.streams_limit;
    Ok(options)
}

fn headers(given: &[String]) -> Result<Vec<(String, Hidden)>, CommandError> {
    given
        .iter()
        .map(|line| {
            let (name, value) = line.split_once(':').ok_or_else(|| {
                CommandError::Argument("a header is written 'Name: value'".into())
            })?;
            let value = secret(value.trim())?;
            let is_token = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
            if name.is_empty()
                || !is_token
                || value.bytes().any(|byte| byte < b' ' && byte != b'\t')
            {
                return Err(CommandError::Argument(format!(
                    "{name:?} is no header that can be sent"
                )));
            }
            Ok((name.to_owned(), Hidden::new(value)))
        })
        .collect()
}

/// A value given as it is, by the name of an environment variable, or by a file.
pub(super) fn secret(given: &str) -> Result<String, CommandError> {
    if let Some(name) = given.strip_prefix("env:") {
        return std::env::var(name)
            .map_err(|_| CommandError::Argument(format!("the environment has no {name}")));
    }
    match given.strip_prefix('@') {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| CommandError::Argument(format!("{path}: {error}")))?;
            Ok(text.trim_end().to_owned())
        }
        None => Ok(given.to_owned()),
    }
}

fn write(args: &Check, report: &RunReport) -> Result<(), CommandError> {
    let text = match args.format {
        ReportFormat::Human => human::render(report),
        ReportFormat::Json => json::render(report).map_err(std::io::Error::from)?,
        ReportFormat::Junit => junit::render(report),
        ReportFormat::Sarif => sarif::render(report).map_err(std::io::Error::from)?,
        ReportFormat::Html => html::render(report),
    };
    match &args.output {
        None => crate::terminal::print(&text)?,
        Some(path) => save(path, &text)?,
    }
    Ok(())
}

/// A file has no colours.
fn save(path: &Path, text: &str) -> Result<(), CommandError> {
    let plain = anstream::adapter::strip_str(text).to_string();
    std::fs::write(path, plain)
        .map_err(|error| CommandError::Argument(format!("{}: {error}", path.display())))
}
