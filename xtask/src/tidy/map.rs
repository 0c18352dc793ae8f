//! ARCHITECTURE.md's code map names every crate and every top-level module, and nothing that is gone.
//!
//! The map stands between `<!-- code map -->` and `<!-- /code map -->`. A path in backticks that is a crate's folder
//! (`crates/propylon-net`) begins that crate; other names in backticks on that line and below are its modules
//! (`dial.rs` or `dial/`), up to the next crate.

use super::manifest::manifests;
use super::{Problem, Tree};

const FILE: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- code map -->";
const END: &str = "<!-- /code map -->";

/// A module's name within a crate's folder; an empty module is the crate itself.
type Entry = (String, String);

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let Some(file) = tree.file(FILE) else {
        return vec![Problem::new(FILE, 0, "is missing")];
    };
    let section = file
        .text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before.lines().count(), rest.split_once(END)?.0)));
    let Some((first_line, section)) = section else {
        return vec![Problem::new(
            FILE,
            0,
            format!("has no section from {BEGIN} to {END}"),
        )];
    };
    let there = existing(tree);
    let crates: Vec<&str> = there
        .iter()
        .filter(|(_, module)| module.is_empty())
        .map(|(folder, _)| &**folder)
        .collect();
    let mapped = mapped(section, &crates);
    let dead = mapped
        .iter()
        .filter(|(_, entry)| !there.contains(entry))
        .map(|(line, entry)| {
            Problem::new(
                FILE,
                first_line + line,
                format!("the code map names {}, which is not there", show(entry)),
            )
        });
    let absent = there
        .iter()
        .filter(|entry| !mapped.iter().any(|(_, named)| named == *entry));
    let absent = absent.map(|entry| {
        Problem::new(
            FILE,
            0,
            format!("the code map does not name {}", show(entry)),
        )
    });
    dead.chain(absent).collect()
}

fn show((folder, module): &Entry) -> String {
    if module.is_empty() {
        folder.clone()
    } else {
        format!("{folder}: {module}.rs")
    }
}

/// Every crate, and every module of its `src` folder.
fn existing(tree: &Tree) -> Vec<Entry> {
    let mut found = Vec::new();
    for manifest in manifests(tree).filter(|file| file.path != "Cargo.toml") {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        found.push((folder.to_owned(), String::new()));
        let source = format!("{folder}/src/");
        for file in tree.rust() {
            let Some(rest) = file.path.strip_prefix(&source) else {
                continue;
            };
            let module = rest
                .split('/')
                .next()
                .unwrap_or(rest)
                .trim_end_matches(".rs");
            let entry = (folder.to_owned(), module.to_owned());
            if !["lib", "main", "tests"].contains(&module) && !found.contains(&entry) {
                found.push(entry);
            }
        }
    }
    found
}

/// What the map names, with lines from its own start.
fn mapped(section: &str, crates: &[&str]) -> Vec<(usize, Entry)> {
    let mut found = Vec::new();
    let mut folder = "";
    for (index, line) in section.lines().enumerate() {
        for word in line.split('`').skip(1).step_by(2) {
            let word = word.trim_end_matches('/');
            let looks_like_a_crate = word.starts_with("crates/") && word.matches('/').count() == 1;
            if crates.contains(&word) || looks_like_a_crate {
                folder = word;
                found.push((index, (word.to_owned(), String::new())));
            } else if let Some(module) = module_name(line, word) {
                found.push((index, (folder.to_owned(), module)));
            }
        }
    }
    found
}

/// `dial.rs`, `dial/` and `dial/address.rs` name the module `dial`; other words in backticks are prose.
fn module_name(line: &str, word: &str) -> Option<String> {
    let as_folder = line.contains(&format!("`{word}/`"));
    let names_a_file = word.ends_with(".rs") && !word.contains(' ');
    let module = word
        .split('/')
        .next()
        .unwrap_or(word)
        .trim_end_matches(".rs");
    let entry_point = module == "lib" || module == "main";
    ((as_folder || names_a_file) && !entry_point).then(|| module.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    fn check(map: &str, expected: &[&str]) {
        let text = format!("# Architecture\n<!-- code map -->\n{map}\n<!-- /code map -->\n");
        let tree = tree(&[
            ("ARCHITECTURE.md", &text),
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", "//! x\n"),
            ("crates/a/src/dial.rs", "//! x\n"),
            ("crates/a/src/dial/address.rs", "//! x\n"),
            ("xtask/Cargo.toml", ""),
            ("xtask/src/main.rs", "//! x\n"),
            ("xtask/src/bench/mod.rs", "//! x\n"),
        ]);
        let found = super::check(&tree);
        assert_eq!(found.len(), expected.len(), "{map}: {found:?}");
        for (problem, words) in found.iter().zip(expected) {
            assert!(problem.what.contains(words), "{problem:?}");
        }
    }

    #[test]
    fn the_map_is_complete() {
        check(
            "`crates/a`: `dial.rs` opens sockets.\n`xtask/`\n- `bench/` measures.",
            &[],
        );
        check(
            "`crates/a`\n`xtask`: `bench/`",
            &["not name crates/a: dial.rs"],
        );
        check(
            "`crates/a`: `dial.rs`",
            &["not name xtask", "not name xtask: bench.rs"],
        );
    }

    #[test]
    fn the_map_names_nothing_that_is_gone() {
        check(
            "`crates/a`: `dial.rs`, `tls.rs`\n`xtask`: `bench/`",
            &["names crates/a: tls.rs, which is not there"],
        );
        check(
            "`crates/a`: `dial/`\n`crates/b`\n`xtask`: `bench.rs`",
            &["names crates/b"],
        );
    }

    #[test]
    fn prose_is_not_a_module() {
        check(
            "`crates/a`: `dial.rs` makes a `DialTarget`.\n`xtask`: `bench/`",
            &[],
        );
    }

    #[test]
    fn the_section_must_be_there() {
        let found = super::check(&tree(&[("ARCHITECTURE.md", "# x\n")]));
        assert_eq!(found.len(), 1);
    }
}
