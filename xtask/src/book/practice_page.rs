//! The page of a practice, and of a group of them.

use propylon_dialects::TARGETS;
use propylon_practices::{EraScope, Group, PRACTICES, Practice, Severity};

use super::page;

/// The chapter that explains a group.
fn chapter(group: Group) -> &'static str {
    match group {
        Group::Headers => "headers.md",
        Group::Streams => "streams.md",
        Group::Sessions => "sessions.md",
        Group::Time => "timeouts.md",
        Group::Backends => "backends.md",
        Group::Logs => "logging.md",
        Group::Tls => "tls.md",
        Group::Limits => "health.md",
        Group::Browsers => "browsers.md",
    }
}

fn severity(practice: &Practice) -> &'static str {
    match practice.severity {
        Severity::Error => "breaks MCP, or leaks",
        Severity::Warning => "degrades, or breaks under load",
    }
}

fn era(practice: &Practice) -> &'static str {
    match practice.era {
        EraScope::Legacy => "2024-11-05 to 2025-11-25",
        EraScope::Modern => "2026-07-28",
        EraScope::Both => "all revisions",
    }
}

/// The page.
pub(super) fn render(practice: &Practice) -> String {
    let mut out = format!("# {}\n\n", practice.title);
    out.push_str("| | |\n|---|---|\n");
    let mut fact = |name: &str, text: &str| out.push_str(&format!("| {name} | {text} |\n"));
    fact("id", &format!("<code>{}</code>", practice.id));
    fact("what users see", &page::cell(practice.consequence));
    fact("what must hold", &page::cell(practice.holds));
    fact("weight", severity(practice));
    fact("revisions", era(practice));
    fact(
        "chapter",
        &format!(
            "[{}](../{})",
            practice.group.title(),
            chapter(practice.group)
        ),
    );
    if practice.seen.is_outside() {
        let command = format!("propylon check URL --select {}", practice.id);
        fact("measure it", &format!("<code>{command}</code>"));
    } else {
        fact("not seen from outside", &page::cell(practice.seen.text()));
    }
    out.push('\n');
    out.push_str(practice.doc.trim_end());
    out.push_str(&format!("\n\n{}", generated(practice)));
    out
}

/// What generated configuration does about it, product by product.
fn generated(practice: &Practice) -> String {
    let mut out = String::from(
        "## In generated configuration\n\nWhat `propylon generate` writes for each product, and what remains:\n\n\
         | product | | by what, or what remains |\n|---|---|---|\n",
    );
    for target in TARGETS {
        let row = target
            .coverage
            .iter()
            .find(|row| row.practice == practice.id);
        let Some(row) = row else { continue };
        let way_out = if row.way_out.is_empty() {
            String::new()
        } else {
            format!(" *Way out:* {}", page::cell(row.way_out))
        };
        out.push_str(&format!(
            "| [{}](../products/{}.md) | {} | {}{way_out} |\n",
            target.title(),
            target.name(),
            row.state.as_str(),
            page::cell(row.note)
        ));
    }
    out
}

/// The page of a group: its practices in short.
pub(super) fn render_group(group: Group) -> String {
    let mut out = format!("# {}\n\n", group.title());
    out.push_str(&format!(
        "What can go wrong. [The chapter](../{}) explains how it hangs together.\n\n",
        chapter(group)
    ));
    out.push_str("| practice | what users see | weight | revisions |\n|---|---|---|---|\n");
    for practice in PRACTICES.iter().filter(|each| each.group == group) {
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            page::practice_link(practice, 1),
            page::cell(practice.consequence),
            practice.severity.as_str(),
            era(practice)
        ));
    }
    out
}
