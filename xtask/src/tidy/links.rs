//! Relative links in Markdown lead to a file that is there.

use super::{Problem, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    // The book's chapters also lead to pages that its build makes: `cargo xtask book --check` follows those links.
    let is_ours = |path: &str| path.ends_with(".md") && !path.starts_with("book/src/");
    for file in tree.files.iter().filter(|file| is_ours(&file.path)) {
        let mut fenced = false;
        for (index, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if fenced {
                continue;
            }
            for target in targets(line) {
                if !leads_somewhere(tree, &file.path, target) {
                    let what = format!("the link leads nowhere: {target}");
                    problems.push(Problem::new(&file.path, index + 1, what));
                }
            }
        }
    }
    problems
}

/// What stands in `](…)`, outside code spans.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    // The odd pieces between backticks are code.
    for text in line.split('`').step_by(2) {
        let after = text.split("](").skip(1);
        found.extend(after.filter_map(|rest| rest.split([')', ' ']).next()));
    }
    found
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    path.is_empty() || elsewhere || resolve(from, path).is_some_and(|path| tree.has(&path))
}

/// The path from the root, or nothing when it leads out of the tree.
fn resolve(from: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    fn check(line: &str, expected: usize) {
        let tree = tree(&[
            ("docs/a.md", line),
            ("README.md", ""),
            ("docs/sub/b.md", ""),
        ]);
        assert_eq!(super::check(&tree).len(), expected, "{line}");
    }

    #[test]
    fn links_lead_to_files_or_folders() {
        check(
            "[a](../README.md) [b](sub/b.md#part) [c](sub) [d](./sub/)",
            0,
        );
        check("[a](README.md) [b](../sub/b.md)", 2);
        check("[a](../../README.md)", 1);
    }

    #[test]
    fn the_books_links_are_followed_by_its_build() {
        let tree = tree(&[("book/src/a.md", "[a](practices/made.md)")]);
        assert!(super::check(&tree).is_empty());
    }

    #[test]
    fn other_links_are_left_alone() {
        check(
            "[a](https://example.com/x) [b](#part) [c](mailto:a@example.com)",
            0,
        );
        check("`[a](nowhere.md)`", 0);
        check("```\n[a](nowhere.md)\n```", 0);
    }
}
