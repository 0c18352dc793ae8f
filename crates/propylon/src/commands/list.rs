//! `propylon list`: the practices, chapter by chapter.

use std::process::ExitCode;

use propylon_practices::{EraScope, Group, Practice, Severity};
use serde::Serialize;

use super::CommandError;
use crate::args::{List, ListFormat, SeenFrom};
use crate::catalog;
use crate::terminal::inline::wrap;
use crate::terminal::{self, ERROR, HEADING, Look, QUIET, WARNING};

/// What the notes behind a title mean.
const LEGEND: &str = "(legacy) concerns only revisions up to 2025-11-25, (modern) only 2026-07-28; (inside) is not seen from outside.";

/// With less room than this beside its id, a title has a line of its own.
const TITLE_COLUMNS_MIN: usize = 30;

/// Prints the practices that were asked for.
pub(crate) fn run(args: &List) -> Result<ExitCode, CommandError> {
    let chosen: Vec<_> = catalog::practices()
        .filter(|practice| is_wanted(practice, args))
        .collect();
    let text = match args.format {
        ListFormat::Human => human(&chosen, Look::of_stdout()),
        ListFormat::Json => json(&chosen),
    };
    terminal::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn is_wanted(practice: &Practice, args: &List) -> bool {
    args.severity
        .is_none_or(|wanted| practice.severity == wanted)
        && args.era.is_none_or(|wanted| practice.era.covers(wanted))
        && args
            .seen
            .is_none_or(|wanted| practice.seen.is_outside() == (wanted == SeenFrom::Outside))
}

/// A practice as programs read it; the names of its fields are documented.
#[derive(Serialize)]
struct Row {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    era: EraScope,
    group: Group,
    seen: &'static str,
    how: &'static str,
    holds: &'static str,
    consequence: &'static str,
}

fn json(practices: &[&Practice]) -> String {
    let rows: Vec<_> = practices
        .iter()
        .map(|practice| Row {
            id: practice.id,
            title: practice.title,
            severity: practice.severity,
            era: practice.era,
            group: practice.group,
            seen: practice.seen.as_str(),
            how: practice.seen.text(),
            holds: practice.holds,
            consequence: practice.consequence,
        })
        .collect();
    // Words only: writing them cannot fail.
    let text = serde_json::to_string_pretty(&rows).unwrap_or_default();
    format!("{text}\n")
}

fn human(practices: &[&Practice], look: Look) -> String {
    let room = catalog::practices()
        .map(|practice| practice.id.len())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for group in Group::ALL {
        let rows: Vec<_> = practices
            .iter()
            .filter(|practice| practice.group == *group)
            .collect();
        if rows.is_empty() {
            continue;
        }
        out.push_str(&format!(
            "{}\n",
            look.paint(HEADING.underline(), group.title())
        ));
        for practice in rows {
            out.push_str(&line(practice, room, look));
        }
        out.push('\n');
    }
    let count = practices.len();
    let (are, these) = if count == 1 {
        ("practice", "it")
    } else {
        ("practices", "each")
    };
    let closing = format!("{count} {are}; `propylon explain ID` explains {these}. {LEGEND}");
    out.push_str(&wrap(&closing, look, "", ""));
    out
}

/// id, severity and title; where the title is long, it goes on under itself.
fn line(practice: &Practice, room: usize, look: Look) -> String {
    let severity = practice.severity.as_str();
    let style = match practice.severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
    };
    let notes = notes(practice);
    let title = format!("{}{notes}", practice.title);
    let before = format!("  {:room$}  {severity:7}  ", practice.id);
    let rest = " ".repeat(before.chars().count());
    let laid_out = if rest.len() + TITLE_COLUMNS_MIN > look.columns {
        format!(
            "  {}  {severity}\n{}",
            practice.id,
            wrap(&title, look, "      ", "      ")
        )
    } else {
        wrap(&title, look, &before, &rest)
    };
    let laid_out = laid_out.replacen(practice.id, &look.paint(HEADING, practice.id), 1);
    let laid_out = laid_out.replacen(
        &format!(" {severity}"),
        &format!(" {}", look.paint(style, severity)),
        1,
    );
    match notes.trim_start() {
        "" => laid_out,
        notes => laid_out.replacen(notes, &look.paint(QUIET, notes), 1),
    }
}

/// What sets a practice apart from most: the only era it concerns, and that traffic cannot show it.
fn notes(practice: &Practice) -> String {
    let era = match practice.era {
        EraScope::Both => None,
        era => Some(era.as_str()),
    };
    let seen = (!practice.seen.is_outside()).then_some("inside");
    match [era, seen]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => String::new(),
        notes => format!(" ({})", notes.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use propylon_practices::PRACTICES;

    use super::*;

    const ALL: List = List {
        severity: None,
        era: None,
        seen: None,
        format: ListFormat::Human,
    };

    fn chosen(args: &List) -> Vec<&'static Practice> {
        PRACTICES
            .iter()
            .copied()
            .filter(|practice| is_wanted(practice, args))
            .collect()
    }

    #[test]
    fn filters_narrow_and_complement() {
        assert_eq!(chosen(&ALL).len(), PRACTICES.len());
        let [errors, warnings] = [Severity::Error, Severity::Warning].map(|severity| {
            chosen(&List {
                severity: Some(severity),
                ..ALL
            })
        });
        assert_eq!(errors.len() + warnings.len(), PRACTICES.len());
        assert!(
            errors
                .iter()
                .all(|practice| practice.severity == Severity::Error)
        );
        let [outside, inside] = [SeenFrom::Outside, SeenFrom::Inside].map(|seen| {
            chosen(&List {
                seen: Some(seen),
                ..ALL
            })
        });
        assert_eq!(outside.len() + inside.len(), PRACTICES.len());
        assert!(inside.iter().all(|practice| !practice.seen.is_outside()) && !inside.is_empty());
        let modern = chosen(&List {
            era: Some(EraScope::Modern),
            ..ALL
        });
        assert!(
            modern
                .iter()
                .all(|practice| practice.era != EraScope::Legacy)
        );
        assert!(modern.iter().any(|practice| practice.era == EraScope::Both));
    }

    #[test]
    fn the_list_for_people() {
        let look = Look {
            columns: 80,
            colour: false,
        };
        let shown = human(
            &chosen(&List {
                seen: Some(SeenFrom::Inside),
                ..ALL
            }),
            look,
        );
        assert!(
            shown.lines().all(|line| line.chars().count() <= 80),
            "{shown}"
        );
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn colours_change_no_word() {
        let (plain, coloured) = (
            Look {
                columns: 100,
                colour: false,
            },
            Look {
                columns: 100,
                colour: true,
            },
        );
        let words = |text: &str| {
            let plain = anstream::adapter::strip_str(text).to_string();
            plain
                .replace('`', "")
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            words(&human(PRACTICES, coloured)),
            words(&human(PRACTICES, plain))
        );
    }

    #[test]
    fn the_list_for_programs() {
        let rows: serde_json::Value = serde_json::from_str(&json(PRACTICES)).unwrap();
        assert_eq!(rows.as_array().map(Vec::len), Some(PRACTICES.len()));
        let row = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["id"] == "sse-buffered")
            .unwrap();
        insta::assert_json_snapshot!(row);
    }
}
