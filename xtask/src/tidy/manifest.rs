//! Manifests: the workspace's lints hold in every crate, and unsafe code in none.

use toml::{Table, Value};

use super::tree::TextFile;
use super::{Problem, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in manifests(tree) {
        let mut say = |what: String| problems.push(Problem::new(&file.path, 0, what));
        let Ok(manifest) = file.text.parse::<Table>() else {
            say("is not TOML".to_owned());
            continue;
        };
        if file.path == "Cargo.toml" {
            let unsafe_code = find(&manifest, &["workspace", "lints", "rust", "unsafe_code"]);
            if unsafe_code.and_then(Value::as_str) != Some("forbid") {
                say("[workspace.lints.rust] must have unsafe_code = \"forbid\"".to_owned());
            }
            continue;
        }
        let inherits = find(&manifest, &["lints", "workspace"]).and_then(Value::as_bool);
        if inherits != Some(true) {
            say("[lints] must have workspace = true".to_owned());
        }
        let name = find(&manifest, &["package", "name"]).and_then(Value::as_str);
        let folder = file
            .path
            .strip_prefix("crates/")
            .and_then(|rest| rest.split('/').next());
        if let Some(folder) = folder.filter(|folder| name != Some(folder)) {
            say(format!("the crate must be called {folder}, as its folder"));
        }
    }
    problems
}

/// Every Cargo.toml of the workspace; a fuzz crate is a workspace of its own, but held to the same.
pub(super) fn manifests(tree: &Tree) -> impl Iterator<Item = &TextFile> {
    tree.files
        .iter()
        .filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
}

/// The value at a path of keys.
pub(super) fn find<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter()
        .try_fold(table.get(*first)?, |value, key| value.get(*key))
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let found = super::check(&tree(&[(path, text)]));
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (problem, words) in found.iter().zip(expected) {
            assert!(problem.what.contains(words), "{problem:?}");
        }
    }

    #[test]
    fn a_crate_inherits_the_lints() {
        let path = "crates/propylon-mcp/Cargo.toml";
        check(
            path,
            "package.name = \"propylon-mcp\"\nlints.workspace = true",
            &[],
        );
        check(
            path,
            "package.name = \"propylon-mcp\"\n[lints]\nworkspace = false",
            &["[lints]"],
        );
        check(
            path,
            "package.name = \"mcp\"\nlints.workspace = true",
            &["as its folder"],
        );
        check(path, "package", &["not TOML"]);
    }

    #[test]
    fn the_workspace_forbids_unsafe_code() {
        check(
            "Cargo.toml",
            "[workspace.lints.rust]\nunsafe_code = \"forbid\"",
            &[],
        );
        check(
            "Cargo.toml",
            "[workspace.lints.rust]\nunsafe_code = \"warn\"",
            &["forbid"],
        );
    }
}
