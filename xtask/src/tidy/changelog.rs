//! The documents a newcomer looks for are there, and CHANGELOG.md has a place for the next line.

use super::{Problem, Tree};

const DOCUMENTS: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let missing = DOCUMENTS.iter().filter(|path| tree.file(path).is_none());
    let mut problems: Vec<Problem> = missing
        .map(|path| Problem::new(path, 0, "is missing"))
        .collect();
    if let Some(file) = tree.file("CHANGELOG.md") {
        let unreleased = |line: &str| matches!(line.trim(), "## Unreleased" | "## [Unreleased]");
        if !file.text.lines().any(unreleased) {
            problems.push(Problem::new(
                &file.path,
                0,
                "has no `## Unreleased` section",
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    fn check_changelog(text: &str, expected: usize) {
        let mut files: Vec<(&str, &str)> = DOCUMENTS.iter().map(|path| (*path, "")).collect();
        files.retain(|(path, _)| *path != "CHANGELOG.md");
        files.push(("CHANGELOG.md", text));
        assert_eq!(check(&tree(&files)).len(), expected, "{text:?}");
    }

    #[test]
    fn the_next_release_has_a_section() {
        check_changelog("# Changelog\n\n## Unreleased\n", 0);
        check_changelog("# Changelog\n\n## [Unreleased]\n", 0);
        check_changelog("# Changelog\n\n## 0.1.0\n", 1);
    }

    #[test]
    fn a_missing_document_is_named() {
        let found = check(&tree(&[]));
        let names: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(names, DOCUMENTS);
    }
}
