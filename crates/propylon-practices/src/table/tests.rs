//! Polices the table: order, names, registration, sections, code blocks and links.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;
use crate::document::{Section, headings, section};
use crate::fix::{Product, fix};
use crate::practice::{EraScope, Group};

/// The revisions whose pages may be cited.
const REVISIONS: [&str; 5] = [
    "2024-11-05",
    "2025-03-26",
    "2025-06-18",
    "2025-11-25",
    "2026-07-28",
];

/// Languages a code block may name.
const LANGUAGES: [&str; 9] = [
    "nginx",
    "caddyfile",
    "yaml",
    "haproxy",
    "sh",
    "json",
    "js",
    "http",
    "text",
];

fn stem(practice: &Practice) -> String {
    practice.id.replace('-', "_")
}

/// The stems of the files of one kind in the practices' folder.
fn files(extension: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/practices");
    fs::read_dir(folder)
        .expect("the practices' folder is read")
        .map(|entry| entry.expect("an entry is read").path())
        .filter(|path| path.extension().is_some_and(|each| each == extension))
        .map(|path| {
            path.file_stem()
                .expect("a file has a stem")
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn the_table_is_sorted_and_has_no_id_or_title_twice() {
    for pair in PRACTICES.windows(2) {
        assert!(
            pair[0].id < pair[1].id,
            "{} is not before {}",
            pair[0].id,
            pair[1].id
        );
    }
    let titles: BTreeSet<_> = PRACTICES.iter().map(|practice| practice.title).collect();
    assert_eq!(titles.len(), PRACTICES.len());
}

#[test]
fn every_file_is_registered_and_every_row_has_its_files() {
    let registered: BTreeSet<_> = PRACTICES.iter().map(|practice| stem(practice)).collect();
    assert_eq!(registered, files("rs"));
    assert_eq!(registered, files("md"));
}

#[test]
fn a_row_is_made_from_the_files_of_its_own_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/practices");
    for practice in PRACTICES {
        let page = fs::read_to_string(folder.join(format!("{}.md", stem(practice))));
        assert_eq!(
            page.expect("the page is read"),
            practice.doc,
            "{}",
            practice.id
        );
        let source = fs::read_to_string(folder.join(format!("{}.rs", stem(practice))));
        let first = format!("//! `{}`: ", practice.id);
        assert!(
            source.expect("the row is read").starts_with(&first),
            "{}",
            practice.id
        );
    }
}

#[test]
fn ids_are_lower_case_words_joined_by_hyphens() {
    for practice in PRACTICES {
        for word in practice.id.split('-') {
            let plain = word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            assert!(plain && !word.is_empty(), "{}", practice.id);
        }
    }
}

#[test]
fn every_row_is_found_by_its_id() {
    for practice in PRACTICES {
        assert_eq!(find(practice.id), Some(*practice));
    }
    assert_eq!(find("sse"), None);
    assert_eq!(find(""), None);
}

#[test]
fn every_sentence_is_one_sentence() {
    for practice in PRACTICES {
        for text in [practice.holds, practice.consequence, practice.seen.text()] {
            assert!(
                text.len() > 30 && text.ends_with('.'),
                "{}: `{text}`",
                practice.id
            );
            assert!(
                !text.contains(". "),
                "{}: more than one sentence: `{text}`",
                practice.id
            );
            assert!(!text.contains('\n'), "{}", practice.id);
        }
        assert!(
            !practice.title.ends_with('.') && practice.title.len() < 60,
            "{}",
            practice.id
        );
    }
}

#[test]
fn every_practice_is_seen_from_outside_or_says_why_not() {
    for practice in PRACTICES
        .iter()
        .filter(|practice| !practice.seen.is_outside())
    {
        let text = practice.seen.text();
        let holder = ["linter", "metric", "tests"]
            .iter()
            .any(|word| text.contains(word));
        assert!(holder, "{}: says not what holds it: `{text}`", practice.id);
    }
    assert!(
        PRACTICES
            .iter()
            .filter(|practice| practice.seen.is_outside())
            .count()
            > 40
    );
}

#[test]
fn every_group_and_era_has_practices() {
    for &group in Group::ALL {
        assert!(
            PRACTICES.iter().any(|practice| practice.group == group),
            "{group:?}"
        );
    }
    for &era in EraScope::ALL {
        assert!(
            PRACTICES.iter().any(|practice| practice.era == era),
            "{era:?}"
        );
    }
}

#[test]
fn every_page_has_the_sections_in_order_and_none_empty() {
    let mut expected: Vec<(usize, &str)> = Section::ALL
        .iter()
        .map(|each| (2, each.heading()))
        .collect();
    expected.extend(Product::ALL.iter().map(|each| (3, each.heading())));
    for practice in PRACTICES {
        let found: Vec<_> = headings(practice.doc)
            .map(|each| (each.level, each.title))
            .collect();
        assert_eq!(found, expected, "{}", practice.id);
        for &each in Section::ALL {
            let text = section(practice.doc, each);
            assert!(
                text.len() > 40,
                "{}: {}: `{text}`",
                practice.id,
                each.heading()
            );
        }
    }
}

#[test]
fn a_page_is_long_enough_to_help_and_short_enough_to_read() {
    for practice in PRACTICES {
        let lines = practice.doc.lines().count();
        assert!(
            (40..=170).contains(&lines),
            "{}: {lines} lines",
            practice.id
        );
        for line in practice.doc.lines() {
            assert!(!line.ends_with(' ') && !line.contains('\t') || is_code(practice.doc, line));
        }
    }
}

/// Whether a line belongs to a fenced block; Caddyfiles are indented with tabs.
fn is_code(doc: &str, wanted: &str) -> bool {
    let mut fenced = false;
    doc.lines().any(|line| {
        fenced ^= line.starts_with("```");
        fenced && line == wanted
    })
}

#[test]
fn every_code_block_is_closed_and_names_its_language() {
    for practice in PRACTICES {
        let mut open = false;
        for line in practice.doc.lines() {
            let Some(language) = line.trim_start().strip_prefix("```") else {
                continue;
            };
            // What the book's build does with a block stands behind its language.
            let (language, fate) = language.split_once(' ').unwrap_or((language, ""));
            if !open {
                let is_shown = ["http", "json", "text"].contains(&language);
                assert!(
                    is_shown || !fate.is_empty(),
                    "{}: a block of {language} that is neither loaded nor run: xtask/src/book/fence.rs",
                    practice.id
                );
                assert!(
                    LANGUAGES.contains(&language),
                    "{}: `{language}`",
                    practice.id
                );
            }
            open = !open;
        }
        assert!(!open, "{}: a code block is not closed", practice.id);
    }
}

/// The `(text, target)` pairs of the links of a page.
fn links(doc: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (at, _) in doc.match_indices("](") {
        let before = doc.get(..at).and_then(|text| text.rsplit('[').next());
        let after = doc.get(at + 2..).and_then(|text| text.split(')').next());
        if let (Some(text), Some(target)) = (before, after) {
            found.push((text, target));
        }
    }
    found
}

#[test]
fn every_link_leads_somewhere_we_know() {
    for practice in PRACTICES {
        for (text, target) in links(practice.doc) {
            let place = format!("{}: [{text}]({target})", practice.id);
            match target.strip_prefix("https://modelcontextprotocol.io/specification/") {
                Some(page) => assert!(
                    REVISIONS.iter().any(|each| page.starts_with(each)),
                    "{place}"
                ),
                None if target.starts_with("https://") => {}
                None => {
                    let linked = find(text).unwrap_or_else(|| panic!("{place}: no such practice"));
                    assert_eq!(target, format!("{}.md", stem(linked)), "{place}");
                    assert_ne!(linked.id, practice.id, "{place}: links to itself");
                }
            }
        }
    }
}

#[test]
fn pages_cite_the_specification_or_a_standard() {
    let uncited: Vec<_> = PRACTICES
        .iter()
        .filter(|practice| !section(practice.doc, Section::Why).contains("](https://"))
        .map(|practice| practice.id)
        .collect();
    assert!(
        uncited.len() * 3 < PRACTICES.len(),
        "too few pages cite their source: {uncited:?}"
    );
}

#[test]
fn one_rendering() {
    let practice = find("sse-buffered").expect("sse-buffered is in the table");
    insta::assert_snapshot!(format!(
        "{} · {} · {} · {} · {}\n{}\nholds: {}\nseen {}: {}\nconsequence: {}\nnginx:\n{}",
        practice.id,
        practice.severity.as_str(),
        practice.era.as_str(),
        practice.group.title(),
        practice.title,
        section(practice.doc, Section::WhatGoesWrong),
        practice.holds,
        practice.seen.as_str(),
        practice.seen.text(),
        practice.consequence,
        fix(practice, Product::Nginx),
    ));
}
