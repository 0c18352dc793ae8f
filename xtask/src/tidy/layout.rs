//! Files: what they begin with, how long they are and how they are called.

use super::{Problem, Tree};

const LINES_MAX: usize = 500;
const MEDIAN_MAX: usize = 200;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["common", "helpers", "manager", "misc", "types", "utils"];

/// How long the Rust files are.
pub(super) struct Lengths {
    pub(super) files: usize,
    pub(super) median: usize,
    pub(super) longest: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.rust() {
        let mut say = |line, what: String| problems.push(Problem::new(&file.path, line, what));
        if !file.text.starts_with("//! ") {
            say(
                1,
                "the first line must be `//! ` and what the file is for".to_owned(),
            );
        }
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            say(
                0,
                format!("{lines} lines; {LINES_MAX} is the most: split it by idea"),
            );
        }
        if let Some(what) = misnamed(&file.path) {
            say(0, what);
        }
    }
    let lengths = lengths(tree);
    if lengths.median > MEDIAN_MAX {
        let what = format!(
            "the median Rust file has {} lines, over {MEDIAN_MAX}",
            lengths.median
        );
        problems.push(Problem::new(".", 0, what));
    }
    problems
}

pub(super) fn lengths(tree: &Tree) -> Lengths {
    let mut lengths: Vec<usize> = tree.rust().map(|file| file.text.lines().count()).collect();
    lengths.sort_unstable();
    Lengths {
        files: lengths.len(),
        median: lengths.get(lengths.len() / 2).copied().unwrap_or(0),
        longest: lengths.last().copied().unwrap_or(0),
    }
}

/// What is wrong with the name, if anything.
fn misnamed(path: &str) -> Option<String> {
    let mut parts = path.trim_end_matches(".rs").rsplit('/');
    let stem = parts.next()?;
    let folder = parts.next().unwrap_or_default();
    for name in [stem, folder] {
        if EMPTY_NAMES.contains(&name) || name.ends_with("_main") {
            return Some(format!("`{name}` says nothing: name it for what it holds"));
        }
    }
    (stem == folder).then(|| format!("`{stem}` repeats its folder's name"))
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let found = super::check(&tree(&[(path, text)]));
        assert_eq!(found.len(), expected.len(), "{path}: {found:?}");
        for (problem, words) in found.iter().zip(expected) {
            assert!(problem.what.contains(words), "{path}: {problem:?}");
        }
    }

    #[test]
    fn a_file_begins_with_what_it_is_for() {
        check("crates/x/src/a.rs", "//! What it is for.\n", &[]);
        check("crates/x/src/a.rs", "use std::fmt;\n", &["first line"]);
        check("crates/x/src/a.rs", "\n//! Too late.\n", &["first line"]);
        check("book/a.md", "# Not Rust\n", &[]);
    }

    #[test]
    fn a_file_has_at_most_500_lines() {
        let text = |lines: usize| format!("//! x\n{}", "\n".repeat(lines - 1));
        check("crates/x/src/a.rs", &text(500), &["median"]);
        check("crates/x/src/a.rs", &text(501), &["501 lines", "median"]);
    }

    #[test]
    fn names_say_what_is_inside() {
        for path in [
            "src/utils.rs",
            "src/types.rs",
            "src/proxy_main.rs",
            "src/helpers/dial.rs",
        ] {
            check(path, "//! x\n", &["says nothing"]);
        }
        check("src/dial/dial.rs", "//! x\n", &["repeats"]);
        check("src/main.rs", "//! x\n", &[]);
        check("src/dial/address.rs", "//! x\n", &[]);
    }
}
