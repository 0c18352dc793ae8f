//! What a product will not hold and which settings are lost, for people, programs and documents.

use std::fmt::Write as _;

use propylon_dialects::{Emission, Gap, Target, Warning};
use serde_json::{Value, json};

use crate::args::generate::ReportFormat;
use crate::terminal::{ERROR, GOOD, HEADING, Look, WARNING};

/// The report of one emission.
pub(super) fn write(
    target: &Target,
    emission: &Emission,
    format: ReportFormat,
    look: Look,
) -> String {
    match format {
        ReportFormat::Human => human(target, emission, look),
        ReportFormat::Json => format!("{:#}\n", value(target, emission)),
        ReportFormat::Markdown => markdown(target, emission),
    }
}

// Writing to a String cannot fail.
fn human(target: &Target, emission: &Emission, look: Look) -> String {
    let mut out = String::new();
    if emission.gaps.is_empty() {
        let _ = writeln!(
            out,
            "{} {} holds every practice",
            look.paint(GOOD, "ok"),
            target.title()
        );
    } else {
        let title = format!("What {} does not hold", target.title());
        let _ = writeln!(out, "{}\n", look.paint(HEADING, &title));
    }
    for gap in &emission.gaps {
        let (style, word) = if gap.is_partial {
            (WARNING, "partly")
        } else {
            (ERROR, "cannot")
        };
        let _ = writeln!(
            out,
            "{} {}",
            look.paint(style, word),
            look.paint(HEADING, gap.practice)
        );
        let _ = writeln!(out, "  {}\n  Way out: {}\n", gap.consequence, gap.way_out);
    }
    if !emission.warnings.is_empty() {
        let title = "Settings that are not in the files";
        let _ = writeln!(out, "{}\n", look.paint(HEADING, title));
    }
    for warning in &emission.warnings {
        let _ = writeln!(
            out,
            "{}: {}",
            look.paint(WARNING, &warning.setting),
            warning.why
        );
    }
    out
}

fn value(target: &Target, emission: &Emission) -> Value {
    let gap = |gap: &Gap| {
        let state = if gap.is_partial { "partly" } else { "cannot" };
        json!({
            "practice": gap.practice,
            "state": state,
            "consequence": gap.consequence,
            "way_out": gap.way_out,
        })
    };
    let warning = |warning: &Warning| json!({ "setting": warning.setting, "why": warning.why });
    json!({
        "target": target.name(),
        "files": emission.files.iter().map(|file| &file.path).collect::<Vec<_>>(),
        "gaps": emission.gaps.iter().map(gap).collect::<Vec<_>>(),
        "warnings": emission.warnings.iter().map(warning).collect::<Vec<_>>(),
    })
}

fn markdown(target: &Target, emission: &Emission) -> String {
    let mut out = format!("# What {} does not hold\n\n", target.title());
    for gap in &emission.gaps {
        let partly = if gap.is_partial { " (in part)" } else { "" };
        let _ = writeln!(
            out,
            "- `{}`{partly}: {} Way out: {}",
            gap.practice, gap.consequence, gap.way_out
        );
    }
    if !emission.warnings.is_empty() {
        out.push_str("\n## Settings that are not in the files\n\n");
    }
    for warning in &emission.warnings {
        let _ = writeln!(out, "- `{}`: {}", warning.setting, warning.why);
    }
    out
}
