//! Nothing tracked names the machine or the registry it was made with, or leaves a note to do later.

use super::{Problem, Tree};

/// Hosts that each user's own cargo, pip, npm and apt know better.
const REGISTRY_HOSTS: &[&str] = &[
    "deb.debian.org",
    "files.pythonhosted.org",
    "index.crates.io",
    "pypi.org",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "static.crates.io",
];
/// Folders of one machine; what a program makes goes to a folder it is told of.
const MACHINE_FOLDERS: &[&str] = &["/home/", "/root/", "/tmp/", "/work/"];
const NOTES: &[&str] = &["FIXME", "TODO"];
/// This folder has to name what it looks for.
const EXEMPT: &str = "xtask/src/tidy/";

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| !file.path.starts_with(EXEMPT))
    {
        for (index, line) in file.text.lines().enumerate() {
            let found = judge(line).map(|what| Problem::new(&file.path, index + 1, what));
            problems.extend(found);
        }
    }
    problems
}

fn judge(line: &str) -> Option<String> {
    if let Some(host) = REGISTRY_HOSTS.iter().find(|host| line.contains(*host)) {
        return Some(format!("names the registry host {host}"));
    }
    if let Some(folder) = MACHINE_FOLDERS
        .iter()
        .find(|folder| starts_a_path(line, folder))
    {
        return Some(format!("names a path of one machine, {folder}…"));
    }
    let note = NOTES.iter().find(|note| has_word(line, note));
    note.map(|note| format!("{note}: do it, or open an issue"))
}

/// Whether `folder` stands in the line at the beginning of a path: `/work/x`, not `a/work/x`.
fn starts_a_path(line: &str, folder: &str) -> bool {
    let before = |at: usize| line.get(..at).and_then(|text| text.chars().next_back());
    let in_path = |c: char| c.is_alphanumeric() || "._-}~*$/".contains(c);
    line.match_indices(folder)
        .any(|(at, _)| !before(at).is_some_and(in_path))
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    fn check(line: &str, expected: Option<&str>) {
        let found = super::check(&tree(&[("a.md", line)]));
        match (found.as_slice(), expected) {
            ([], None) => {}
            ([problem], Some(words)) => assert!(problem.what.contains(words), "{problem:?}"),
            (found, expected) => panic!("{line}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn registry_hosts_are_not_named() {
        check("index-url = https://pypi.org/simple", Some("pypi.org"));
        check(
            "registry+https://github.com/rust-lang/crates.io-index",
            None,
        );
    }

    #[test]
    fn machine_paths_are_not_named() {
        check("see /work/shared/x.md", Some("/work/"));
        check("log: \"/tmp/log\"", Some("/tmp/"));
        check("file:///home/me", None);
        check("upstream http://host/work/mcp", None);
        check("at $HOME/work/mcp", None);
    }

    #[test]
    fn nothing_is_left_to_do() {
        check("// TODO: later", Some("TODO"));
        check("FIXME", Some("FIXME"));
        check("TODOLIST and autodo", None);
    }
}
