//! The report as JUnit XML, for systems that show tests.

use std::fmt::Write as _;

use propylon_practices::{CheckResult, Verdict, find};

use super::RunReport;
use super::xml::escape;

/// One test suite: a failure for each practice that does not hold, a skip for what was not seen or does not apply.
#[must_use]
pub fn render(report: &RunReport) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let summary = report.summary;
    let skipped = summary.not_seen + summary.not_applicable;
    let _ = writeln!(
        xml,
        "<testsuites tests=\"{0}\" failures=\"{1}\" skipped=\"{2}\" time=\"{3:.3}\">\n  <testsuite name=\"propylon check {4}\" tests=\"{0}\" failures=\"{1}\" errors=\"0\" skipped=\"{2}\" time=\"{3:.3}\">",
        report.results.len(),
        summary.fail,
        skipped,
        report.took_seconds,
        escape(&report.url),
    );
    for result in &report.results {
        case(&mut xml, result);
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn case(xml: &mut String, result: &CheckResult) {
    let group = find(&result.id).map_or("other", |practice| practice.group.as_str());
    let _ = write!(
        xml,
        "    <testcase classname=\"propylon.{group}\" name=\"{}\"",
        escape(&result.id)
    );
    match result.verdict {
        Verdict::Pass => xml.push_str("/>\n"),
        Verdict::Fail => {
            let _ = writeln!(
                xml,
                ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                escape(&result.summary),
                escape(&details(result))
            );
        }
        Verdict::NotApplicable | Verdict::NotSeen => {
            let _ = writeln!(
                xml,
                ">\n      <skipped message=\"{}: {}\"/>\n    </testcase>",
                result.verdict.as_str(),
                escape(&result.summary)
            );
        }
    }
}

fn details(result: &CheckResult) -> String {
    let mut text = String::new();
    for line in &result.evidence {
        let _ = writeln!(
            text,
            "{}: {} (expected {})",
            line.what, line.found, line.expected
        );
    }
    if let Some(consequence) = &result.consequence {
        let _ = writeln!(text, "What a user notices: {consequence}");
    }
    if let Some(fix) = &result.fix {
        let _ = writeln!(text, "Fix:\n{fix}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::report::example;

    #[test]
    fn cases_are_failed_skipped_or_passed() {
        let xml = render(&example());
        assert!(
            xml.contains("tests=\"4\" failures=\"1\" skipped=\"2\""),
            "{xml}"
        );
        assert_eq!(xml.matches("<testcase ").count(), 4);
        assert_eq!(xml.matches("<failure ").count(), 1);
        assert_eq!(xml.matches("<skipped ").count(), 2);
        assert!(xml.contains("classname=\"propylon.streams\" name=\"sse-buffered\""));
        assert!(xml.contains("&lt;late&gt;") && !xml.contains("<late>"));
    }
}
