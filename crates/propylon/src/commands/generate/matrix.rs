//! Practice by target: what each product does about it.

use std::fmt::Write as _;

use propylon_dialects::{Coverage, State, Target};
use propylon_practices::PRACTICES;
use serde_json::{Value, json};

use crate::args::generate::ReportFormat;
use crate::terminal::{ERROR, GOOD, HEADING, Look, QUIET, WARNING};

/// The matrix of these targets.
pub(super) fn write(targets: &[&Target], format: ReportFormat, look: Look) -> String {
    match format {
        ReportFormat::Human => human(targets, look),
        ReportFormat::Json => format!("{:#}\n", value(targets)),
        ReportFormat::Markdown => markdown(targets),
    }
}

fn row_of(target: &Target, practice: &str) -> Option<&'static Coverage> {
    target.coverage.iter().find(|row| row.practice == practice)
}

// Writing to a String cannot fail.
fn human(targets: &[&Target], look: Look) -> String {
    let first = PRACTICES
        .iter()
        .map(|each| each.id.len())
        .max()
        .unwrap_or(0);
    let mut out = " ".repeat(first);
    for target in targets {
        let _ = write!(out, "  {}", look.paint(HEADING, target.name()));
    }
    out.push('\n');
    for practice in PRACTICES {
        let _ = write!(out, "{:first$}", practice.id);
        for target in targets {
            let (style, word) = match row_of(target, practice.id).map(|row| row.state) {
                Some(State::Held) => (GOOD, "held"),
                Some(State::ByDefault) => (GOOD, "default"),
                Some(State::Partly) => (WARNING, "partly"),
                Some(State::Cannot) => (ERROR, "cannot"),
                Some(State::NotApplicable) | None => (QUIET, "-"),
            };
            let width = target.name().len();
            let gap = " ".repeat(width.saturating_sub(word.len()));
            let _ = write!(out, "  {}{gap}", look.paint(style, word));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    let states = "held: by a line of the files; default: unasked; partly, cannot: --report says what to do; -: not its to hold";
    let _ = writeln!(out, "\n{}", look.paint(QUIET, states));
    out
}

fn value(targets: &[&Target]) -> Value {
    let cell = |target: &&Target, practice: &str| {
        let row = row_of(target, practice)?;
        let cell = json!({ "state": row.state.as_str(), "note": row.note, "way_out": row.way_out });
        Some((target.name().to_owned(), cell))
    };
    let rows = PRACTICES.iter().map(|practice| {
        let cells: serde_json::Map<_, _> = targets
            .iter()
            .filter_map(|target| cell(target, practice.id))
            .collect();
        json!({ "practice": practice.id, "targets": cells })
    });
    Value::Array(rows.collect())
}

fn markdown(targets: &[&Target]) -> String {
    let mut out = "| practice |".to_owned();
    for target in targets {
        let _ = write!(out, " {} |", target.title());
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(targets.len()));
    out.push('\n');
    for practice in PRACTICES {
        let _ = write!(out, "| `{}` |", practice.id);
        for target in targets {
            let state = row_of(target, practice.id).map_or("", |row| row.state.as_str());
            let _ = write!(out, " {state} |");
        }
        out.push('\n');
    }
    out
}
