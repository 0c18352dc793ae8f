//! The report for a person at a terminal: what is wrong first, with its numbers, its consequence and its fix.

use std::fmt::Write as _;

use propylon_practices::{CheckResult, Verdict, find};

use super::RunReport;

const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[33m";
const GREEN: &str = "\u{1b}[32m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// The report as text with colours; whoever prints it where there are none strips them.
#[must_use]
pub fn render(report: &RunReport) -> String {
    let mut text = String::new();
    let of = |verdict| {
        report
            .results
            .iter()
            .filter(move |result| result.verdict == verdict)
    };
    let _ = writeln!(
        text,
        "{BOLD}{}{PLAIN}\n{DIM}{}; over {}{PLAIN}\n",
        report.url,
        report.subject,
        report.spoken()
    );
    if let Some(warning) = &report.warning {
        let _ = writeln!(text, "{RED}warning{PLAIN} {BOLD}{warning}{PLAIN}\n");
    }
    for result in of(Verdict::Fail) {
        failure(&mut text, report, result);
    }
    list(&mut text, "not seen", YELLOW, of(Verdict::NotSeen));
    list(&mut text, "not applicable", DIM, of(Verdict::NotApplicable));
    list(&mut text, "pass", GREEN, of(Verdict::Pass));
    let summary = report.summary;
    let colour = if summary.fail > 0 { RED } else { GREEN };
    let _ = writeln!(
        text,
        "\n{colour}{} failed{PLAIN}, {} passed, {} not seen, {} not applicable, in {:.1} s ({} profile)",
        summary.fail,
        summary.pass,
        summary.not_seen,
        summary.not_applicable,
        report.took_seconds,
        report.profile
    );
    text
}

fn failure(text: &mut String, report: &RunReport, result: &CheckResult) {
    let title = find(&result.id).map_or("", |practice| practice.title);
    let _ = writeln!(text, "{RED}fail{PLAIN} {BOLD}{}{PLAIN}  {title}", result.id);
    let _ = writeln!(text, "  {}", result.summary);
    for line in &result.evidence {
        let _ = writeln!(
            text,
            "    {}: {BOLD}{}{PLAIN} {DIM}(expected {}){PLAIN}",
            line.what, line.found, line.expected
        );
    }
    if let Some(consequence) = &result.consequence {
        let _ = writeln!(text, "  What a user notices: {consequence}");
    }
    match (&result.fix, &report.product) {
        (Some(fix), Some(product)) => {
            let guess = match &product.guessed_from {
                Some(from) => format!(", a guess from `{from}`; --product names another"),
                None => String::new(),
            };
            let _ = writeln!(text, "  Fix for {}{guess}:", product.name.heading());
            for line in fix.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
        _ => {
            let _ = writeln!(
                text,
                "  Fix: propylon explain {}, or name the product with --product",
                result.id
            );
        }
    }
    text.push('\n');
}

fn list<'report>(
    text: &mut String,
    word: &str,
    colour: &str,
    results: impl Iterator<Item = &'report CheckResult>,
) {
    for result in results {
        let _ = writeln!(
            text,
            "{colour}{word}{PLAIN} {}  {DIM}{}{PLAIN}",
            result.id, result.summary
        );
        if let Some(needs) = &result.needs {
            let _ = writeln!(text, "  {DIM}needs {needs}{PLAIN}");
        }
    }
}
