//! The report as one HTML file: findings, and pictures of streams, sessions and latency.

mod picture;
mod prose;

use std::fmt::Write as _;

use propylon_practices::{CheckResult, Verdict, find};

use super::RunReport;
use super::xml::escape;
use crate::timeline::StreamLine;

const STYLE: &str = include_str!("html/style.css");

/// The whole page; it refers to nothing outside itself.
#[must_use]
pub fn render(report: &RunReport) -> String {
    let mut page = String::new();
    let url = escape(&report.url);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>propylon check {url}</title><style>{STYLE}</style></head><body><main>\n<h1>{url}</h1>\n<p>{}; over {}</p>\n",
        escape(&report.subject),
        escape(&report.spoken())
    );
    if let Some(warning) = &report.warning {
        let _ = writeln!(
            page,
            "<p class=\"warning\"><b>Warning:</b> {}</p>",
            escape(warning)
        );
    }
    let summary = report.summary;
    let _ = writeln!(
        page,
        "<p class=\"sum\"><b class=\"fail\">{} failed</b> <b class=\"pass\">{} passed</b> <b>{} not seen</b> <b>{} not applicable</b> \
         in {:.1} s, {} profile, propylon {}</p>",
        summary.fail,
        summary.pass,
        summary.not_seen,
        summary.not_applicable,
        report.took_seconds,
        escape(&report.profile),
        escape(&report.tool.version)
    );
    for verdict in [
        Verdict::Fail,
        Verdict::NotSeen,
        Verdict::NotApplicable,
        Verdict::Pass,
    ] {
        section(&mut page, report, verdict);
    }
    pictures(&mut page, report);
    page.push_str("</main></body></html>\n");
    page
}

fn section(page: &mut String, report: &RunReport, verdict: Verdict) {
    let results: Vec<&CheckResult> = report
        .results
        .iter()
        .filter(|result| result.verdict == verdict)
        .collect();
    if results.is_empty() {
        return;
    }
    let heading = match verdict {
        Verdict::Fail => "What does not hold",
        Verdict::NotSeen => "What was not seen",
        Verdict::NotApplicable => "What does not apply",
        Verdict::Pass => "What holds",
    };
    let _ = writeln!(page, "<section><h2>{heading}</h2>");
    for result in results {
        one(page, report, result);
    }
    page.push_str("</section>\n");
}

fn one(page: &mut String, report: &RunReport, result: &CheckResult) {
    let title = find(&result.id).map_or("", |practice| practice.title);
    let open = if result.verdict == Verdict::Fail {
        " open"
    } else {
        ""
    };
    let _ = writeln!(
        page,
        "<details id=\"{0}\" class=\"{1}\"{open}><summary><code>{0}</code> {2}</summary><p>{3}</p>",
        escape(&result.id),
        result.verdict.as_str(),
        escape(title),
        escape(&result.summary)
    );
    if !result.evidence.is_empty() {
        page.push_str("<div class=\"wide\"><table><thead><tr><th>what was looked at</th><th>expected</th><th>found</th></tr></thead><tbody>\n");
        for line in &result.evidence {
            let _ = writeln!(
                page,
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(&line.what),
                escape(&line.expected),
                escape(&line.found)
            );
        }
        page.push_str("</tbody></table></div>\n");
    }
    if let Some(consequence) = &result.consequence {
        let _ = writeln!(
            page,
            "<p><b>What a user notices:</b> {}</p>",
            escape(consequence)
        );
    }
    if let Some(needs) = &result.needs {
        let _ = writeln!(page, "<p><b>Needs:</b> {}</p>", escape(needs));
    }
    if let (Some(fix), Some(product)) = (&result.fix, &report.product) {
        let guess = product
            .guessed_from
            .as_ref()
            .map(|from| format!(" (a guess from <code>{}</code>)", escape(from)));
        let _ = writeln!(
            page,
            "<div class=\"fix\"><p><b>Fix for {}</b>{}:</p>{}</div>",
            escape(product.name.heading()),
            guess.unwrap_or_default(),
            prose::render(fix)
        );
    }
    page.push_str("</details>\n");
}

fn pictures(page: &mut String, report: &RunReport) {
    let timeline = &report.timeline;
    if !timeline.streams.is_empty() {
        page.push_str("<section><h2>Streams</h2><p>Each line is one event: from when the server wrote it (above) to when it arrived (below). Upright lines are prompt events; slanting ones waited, and those that waited for more than 100 ms are <b class=\"late\">orange</b>. The latest are first.</p>\n");
        let mut streams: Vec<&StreamLine> = timeline.streams.iter().collect();
        streams.sort_by(|a, b| {
            let rank = |stream: &StreamLine| -picture::latest(stream).round();
            rank(a)
                .total_cmp(&rank(b))
                .then_with(|| (&a.label, a.http).cmp(&(&b.label, b.http)))
        });
        for stream in streams {
            page.push_str(&picture::stream(stream));
        }
        page.push_str("</section>\n");
    }
    if !timeline.sessions.is_empty() {
        page.push_str("<section><h2>Sessions</h2><p>Each column is a session: on top the instance that made it, below who answered each of its requests. A column of one colour stayed where it was.</p>\n");
        page.push_str(&picture::sessions(&timeline.sessions));
        page.push_str("</section>\n");
    }
    if !timeline.latency_us.is_empty() {
        page.push_str("<section><h2>Small calls</h2><p>Round trips of small calls made beside the streams, the quickest first.</p>\n");
        page.push_str(&picture::latency(&timeline.latency_us));
        page.push_str("</section>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::report::example;

    #[test]
    fn the_page_holds_everything_and_refers_to_nothing() {
        let page = render(&example());
        for text in [
            "sse-buffered",
            "&lt;late&gt;",
            "What a user notices",
            "<svg",
            "probe-1",
        ] {
            assert!(page.contains(text), "{text}");
        }
        for outside in ["src=", "href=", "@import", "url(", "<late>"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(
            page.matches("<details").count(),
            page.matches("</details>").count()
        );
        assert_eq!(page.matches("<svg").count(), 3);
    }
}
