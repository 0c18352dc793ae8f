//! Which crate may use which: the arrows of the architecture, one way only.

use toml::{Table, Value};

use super::bans::PURE_CRATES;
use super::manifest::{find, manifests};
use super::{Problem, Tree};

/// What each crate may use of ours; what is not here may not exist.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "propylon",
        &[
            "propylon-admin",
            "propylon-check",
            "propylon-config",
            "propylon-dialects",
            "propylon-mcp",
            "propylon-net",
            "propylon-practices",
            "propylon-proxy",
        ],
    ),
    (
        "propylon-admin",
        &[
            "propylon-config",
            "propylon-mcp",
            "propylon-net",
            "propylon-proxy",
        ],
    ),
    ("propylon-bench", &["propylon-config"]),
    // It judges any deployment, ours included, with its own eyes: never the proxy, nor its configuration.
    (
        "propylon-check",
        &["propylon-mcp", "propylon-net", "propylon-practices"],
    ),
    ("propylon-config", &["propylon-mcp"]),
    (
        "propylon-dialects",
        &["propylon-config", "propylon-mcp", "propylon-practices"],
    ),
    ("propylon-fuzz", &["propylon-net"]),
    ("propylon-mcp", &[]),
    ("propylon-net", &["propylon-config", "propylon-mcp"]),
    ("propylon-practices", &["propylon-mcp"]),
    (
        "propylon-proxy",
        &["propylon-config", "propylon-mcp", "propylon-net"],
    ),
    ("propylon-testkit", &["propylon-mcp"]),
    (
        "xtask",
        &[
            "propylon-config",
            "propylon-dialects",
            "propylon-mcp",
            "propylon-net",
            "propylon-practices",
            "propylon-proxy",
            "propylon-testkit",
        ],
    ),
];

/// For tests only.
const TESTKIT: &str = "propylon-testkit";

/// Runtimes, sockets and clocks of others.
const IMPURE: &[&str] = &[
    "chrono",
    "hickory-resolver",
    "hyper",
    "hyper-util",
    "jiff",
    "mio",
    "notify",
    "reqwest",
    "rustix",
    "socket2",
    "time",
    "tokio",
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in manifests(tree) {
        let Ok(manifest) = file.text.parse::<Table>() else {
            continue;
        };
        let Some(name) = find(&manifest, &["package", "name"]).and_then(Value::as_str) else {
            continue;
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            let what = format!("{name} is not in the table of xtask/src/tidy/arrows.rs");
            problems.push(Problem::new(&file.path, 0, what));
            continue;
        };
        for (section, used) in dependencies(&manifest) {
            if let Some(what) = judge(name, allowed, section, &used) {
                problems.push(Problem::new(&file.path, 0, what));
            }
        }
    }
    problems
}

fn judge(name: &str, allowed: &[&str], section: &str, used: &str) -> Option<String> {
    let for_tests = section == "dev-dependencies";
    let ours = ARROWS.iter().any(|(crate_name, _)| *crate_name == used);
    if ours && !allowed.contains(&used) && !(for_tests && used == TESTKIT) {
        return Some(format!("{name} may not use {used} in [{section}]"));
    }
    let impure = PURE_CRATES.contains(&name) && IMPURE.contains(&used) && !for_tests;
    impure.then(|| format!("{name} has no runtime, sockets and clock, so may not use {used}"))
}

/// Every dependency by section, those of one target among them, under the package's true name.
fn dependencies(manifest: &Table) -> Vec<(&'static str, String)> {
    const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    let mut found = Vec::new();
    for table in std::iter::once(manifest).chain(targets) {
        for section in SECTIONS {
            let used = table.get(section).and_then(Value::as_table);
            found.extend(used.into_iter().flatten().map(|(key, value)| {
                let package = value.get("package").and_then(Value::as_str);
                (section, package.unwrap_or(key).to_owned())
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::tree;

    fn check_crate(name: &str, rest: &str, expected: &[&str]) {
        let text = format!("[package]\nname = \"{name}\"\n{rest}\n");
        let found = check(&tree(&[(&format!("crates/{name}/Cargo.toml"), &text)]));
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (problem, words) in found.iter().zip(expected) {
            assert!(problem.what.contains(words), "{problem:?}");
        }
    }

    #[test]
    fn the_table_has_no_circle() {
        // Each crate may use only those whose own uses are among what it may use: then no way leads back.
        for (name, allowed) in ARROWS {
            for used in *allowed {
                let onward = ARROWS
                    .iter()
                    .find(|(from, _)| from == used)
                    .map(|(_, to)| *to);
                assert!(
                    onward.is_some_and(|to| !to.contains(name)),
                    "{name} and {used}"
                );
            }
        }
        assert!(ARROWS.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn an_arrow_goes_one_way() {
        check_crate(
            "propylon-proxy",
            "[dependencies]\npropylon-net.workspace = true",
            &[],
        );
        check_crate(
            "propylon-net",
            "[dependencies]\npropylon-proxy.workspace = true",
            &["propylon-net may not use propylon-proxy"],
        );
        check_crate(
            "propylon-check",
            "[dev-dependencies]\npropylon-proxy.workspace = true",
            &["may not use propylon-proxy in [dev-dependencies]"],
        );
    }

    #[test]
    fn renamed_and_per_target_dependencies_count() {
        check_crate(
            "propylon-mcp",
            "[dependencies]\nx = { package = \"propylon-net\", path = \"y\" }",
            &["propylon-net"],
        );
        check_crate(
            "propylon-mcp",
            "[target.'cfg(unix)'.dependencies]\npropylon-net.workspace = true",
            &["propylon-net"],
        );
    }

    #[test]
    fn the_testkit_is_for_tests() {
        check_crate(
            "propylon",
            "[dev-dependencies]\npropylon-testkit.workspace = true",
            &[],
        );
        check_crate(
            "propylon",
            "[dependencies]\npropylon-testkit.workspace = true",
            &["propylon-testkit"],
        );
    }

    #[test]
    fn pure_crates_use_no_runtime() {
        check_crate(
            "propylon-config",
            "[dependencies]\ntokio.workspace = true",
            &["tokio"],
        );
        check_crate(
            "propylon-config",
            "[dev-dependencies]\ntokio.workspace = true",
            &[],
        );
        check_crate(
            "propylon-net",
            "[dependencies]\ntokio.workspace = true",
            &[],
        );
    }

    #[test]
    fn a_new_crate_must_be_in_the_table() {
        check_crate("propylon-extra", "", &["not in the table"]);
    }
}
