//! `propylon explain`: one thing's page, laid out for the terminal.

use std::process::ExitCode;

use propylon_config::{Fallback, SECTIONS, SETTINGS, SectionInfo, Setting};
use propylon_practices::{EraScope, Practice, Product, Section, Severity, fix, section};
use propylon_proxy::Explanation;

use super::CommandError;
use crate::args::Explain;
use crate::catalog::{self, Entry};
use crate::terminal::inline::wrap;
use crate::terminal::page::{facts, render};
use crate::terminal::{self, ERROR, HEADING, Look, QUIET, WARNING};

/// Prints the page.
pub(crate) fn run(args: &Explain) -> Result<ExitCode, CommandError> {
    let entry = catalog::find(&args.id)?;
    terminal::print(&page(entry, args.product, Look::of_stdout()))?;
    Ok(ExitCode::SUCCESS)
}

fn page(entry: Entry, product: Option<Product>, look: Look) -> String {
    match entry {
        Entry::Practice(practice) => practice_page(practice, product, look),
        Entry::Reason(reason) => reason_page(reason, look),
        Entry::Setting(setting) => setting_page(setting, look),
        Entry::Section(section) => section_page(section, look),
    }
}

fn practice_page(practice: &Practice, product: Option<Product>, look: Look) -> String {
    let style = match practice.severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
    };
    let era = match practice.era {
        EraScope::Legacy => "revisions up to 2025-11-25",
        EraScope::Modern => "revision 2026-07-28",
        EraScope::Both => "all revisions",
    };
    let severity = look.paint(style, practice.severity.as_str());
    let mut out = title(practice.id, practice.title, look);
    let seen = if practice.seen.is_outside() {
        "seen from outside"
    } else {
        "not seen from outside"
    };
    out.push_str(&format!("  {severity}, {era}, {seen}\n\n"));
    let rows = [
        ("Must hold", practice.holds.to_owned()),
        ("Users notice", practice.consequence.to_owned()),
    ];
    out.push_str(&facts(&rows, look));
    out.push('\n');
    let Some(product) = product else {
        out.push_str(&render(practice.doc, look));
        return out;
    };
    let mut doc = String::new();
    for part in Section::ALL.iter().filter(|part| **part != Section::Fix) {
        doc.push_str(&format!(
            "## {}\n\n{}\n\n",
            part.heading(),
            section(practice.doc, *part)
        ));
    }
    doc.push_str(&format!(
        "## Fix for {}\n\n{}\n",
        product.heading(),
        fix(practice, product)
    ));
    out.push_str(&render(&doc, look));
    out
}

fn reason_page(reason: &Explanation, look: Look) -> String {
    let mut out = title(reason.id, "why the proxy itself answered or cut", look);
    out.push_str(&format!(
        "  status {}, JSON-RPC error {}\n\n",
        reason.status,
        reason.reason.rpc_code()
    ));
    out.push_str(&wrap(reason.advice, look, "  ", "  "));
    out.push('\n');
    let mut rows = vec![("Clients read", reason.message.to_owned())];
    rows.extend(reason.key.map(|keys| ("Governed by", coded(keys))));
    if let Some(seconds) = reason.retry_after_seconds {
        rows.push(("Retry-After", format!("{seconds} s")));
    }
    rows.push(("Header", format!("`Propylon-Reason: {}`", reason.id)));
    rows.push(("Access log", format!("`\"reason\":\"{}\"`", reason.id)));
    rows.push((
        "Metric",
        format!("`propylon_refused_total{{reason=\"{}\"}}`", reason.id),
    ));
    out.push_str(&facts(&rows, look));
    out
}

fn setting_page(setting: &Setting, look: Look) -> String {
    let mut out = title(setting.key, "a key of propylon.yaml", look);
    out.push('\n');
    out.push_str(&wrap(setting.doc, look, "  ", "  "));
    out.push('\n');
    let default = match setting.default {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Absent(meaning) => format!("not set: {meaning}"),
        Fallback::Required => "none: it must be written".to_owned(),
    };
    let mut rows = vec![("Default", default), ("Accepts", setting.kind.expected())];
    rows.extend(
        setting
            .reason
            .map(|reason| ("Reason", format!("`{reason}` of the requests it ends"))),
    );
    rows.extend(
        setting
            .metric
            .map(|metric| ("Metric", format!("`{metric}`"))),
    );
    out.push_str(&facts(&rows, look));
    if let Fallback::Value(value) = setting.default {
        out.push_str(&format!("\n{}", render(&written(setting.key, value), look)));
    }
    out
}

fn section_page(section: &SectionInfo, look: Look) -> String {
    let mut out = title(section.key, "a part of propylon.yaml", look);
    out.push('\n');
    out.push_str(&wrap(section.doc, look, "  ", "  "));
    out.push('\n');
    let prefix = format!("{}.", section.key);
    let inside = |key: &'static str| key.strip_prefix(&prefix).filter(|rest| !rest.contains('.'));
    let mut rows: Vec<_> = SETTINGS
        .iter()
        .filter_map(|setting| Some((inside(setting.key)?, setting.doc.to_owned())))
        .collect();
    rows.extend(
        SECTIONS
            .iter()
            .filter_map(|section| Some((inside(section.key)?, section.doc.to_owned()))),
    );
    rows.sort_unstable_by_key(|(key, _)| *key);
    out.push_str(&facts(&rows, look));
    if let Some(example) = section.required {
        out.push_str(&format!(
            "\n{}",
            render(&format!("```yaml\n{example}\n```"), look)
        ));
    }
    if section.off {
        let key = section.key;
        out.push_str(&format!(
            "\n{}",
            wrap(&format!("`{key}: off` turns it off."), look, "  ", "  ")
        ));
    }
    out
}

fn title(id: &str, words: &str, look: Look) -> String {
    let id = look.paint(HEADING, id);
    let words = look.paint(QUIET, words);
    format!("{id}  {words}\n")
}

/// The keys of a list, each as code.
fn coded(keys: &str) -> String {
    keys.split(", ")
        .map(|key| format!("`{key}`"))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// How the key stands in a file, as a block of code.
fn written(key: &str, value: &str) -> String {
    let mut text = String::from("```yaml\n");
    let mut indent = 0;
    let parts: Vec<_> = key.split('.').collect();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let (name, is_list) = part
            .strip_suffix("[]")
            .map_or((*part, false), |name| (name, true));
        let name = if name == "<name>" { "NAME" } else { name };
        let after_dash = index > 0
            && parts
                .get(index - 1)
                .is_some_and(|before| before.ends_with("[]"));
        let lead = if after_dash {
            format!("{}- ", " ".repeat(indent - 2))
        } else {
            " ".repeat(indent)
        };
        let ending = if is_last {
            format!(" {value}")
        } else {
            String::new()
        };
        text.push_str(&format!("{lead}{name}:{ending}\n"));
        indent += if is_list { 4 } else { 2 };
    }
    text.push_str("```\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        columns: 80,
        colour: false,
    };

    fn shown(id: &str, product: Option<Product>) -> String {
        page(catalog::find(id).unwrap(), product, PLAIN)
    }

    #[test]
    fn a_practice() {
        insta::assert_snapshot!(shown("sse-buffered", Some(Product::Nginx)));
    }

    #[test]
    fn a_practice_has_every_product_unless_one_is_asked_for() {
        let whole = shown("sse-buffered", None);
        for product in Product::ALL {
            assert!(
                whole.contains(&format!("\n  {}\n", product.heading())),
                "{}",
                product.heading()
            );
        }
    }

    #[test]
    fn a_reason() {
        insta::assert_snapshot!(shown("session-lost", None));
    }

    #[test]
    fn a_setting() {
        insta::assert_snapshot!(shown("limits.body_bytes", None));
        insta::assert_snapshot!(shown("listeners[0].health", None));
    }

    #[test]
    fn a_section() {
        insta::assert_snapshot!(shown("log", None));
    }

    #[test]
    fn what_is_shown_of_every_default_is_what_the_reader_takes() {
        for setting in SETTINGS {
            let Fallback::Value(value) = setting.default else {
                continue;
            };
            let shown = written(setting.key, value);
            let text = shown
                .trim_start_matches("```yaml\n")
                .trim_end_matches("```\n");
            // A part of a description lacks other parts, but nothing that is there may be wrong.
            let problems = match propylon_config::load_str("x.yaml", text) {
                Ok(loaded) => loaded.warnings,
                Err(errors) => errors.problems,
            };
            for problem in problems {
                assert_ne!(
                    problem.key.rsplit('.').next(),
                    setting.key.rsplit('.').next(),
                    "{}: {problem}",
                    setting.key
                );
                assert!(
                    !problem.summary.contains("unknown"),
                    "{}: {problem}",
                    setting.key
                );
            }
        }
    }

    #[test]
    fn colours_change_no_word() {
        for entry in catalog::entries() {
            let coloured = page(
                entry,
                None,
                Look {
                    colour: true,
                    ..PLAIN
                },
            );
            let words = |text: &str| {
                text.replace('`', "")
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            let stripped = anstream::adapter::strip_str(&coloured).to_string();
            assert_eq!(
                words(&stripped),
                words(&page(entry, None, PLAIN)),
                "{}",
                entry.id()
            );
        }
    }
}
