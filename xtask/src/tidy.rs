//! `cargo xtask tidy`: the style and the architecture's invariants, held by code.

mod arrows;
mod bans;
mod changelog;
mod functions;
mod layout;
mod leaks;
mod links;
mod manifest;
mod map;
mod source;
mod tree;

use anyhow::bail;

use tree::Tree;

/// One thing that is wrong, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    path: String,
    /// From 1; 0 means the file as a whole.
    line: usize,
    what: String,
}

/// One check over the whole tree.
struct Check {
    name: &'static str,
    run: fn(&Tree) -> Vec<Problem>,
}

/// Every check, sorted by name.
const CHECKS: &[Check] = &[
    Check {
        name: "arrows",
        run: arrows::check,
    },
    Check {
        name: "bans",
        run: bans::check,
    },
    Check {
        name: "changelog",
        run: changelog::check,
    },
    Check {
        name: "functions",
        run: functions::check,
    },
    Check {
        name: "layout",
        run: layout::check,
    },
    Check {
        name: "leaks",
        run: leaks::check,
    },
    Check {
        name: "links",
        run: links::check,
    },
    Check {
        name: "manifest",
        run: manifest::check,
    },
    Check {
        name: "map",
        run: map::check,
    },
];

/// Runs every check and says all that it found.
pub(crate) fn run() -> anyhow::Result<()> {
    let tree = Tree::load(crate::workspace::root())?;
    let mut count = 0;
    for check in CHECKS {
        let mut problems = (check.run)(&tree);
        problems.sort();
        count += problems.len();
        for Problem { path, line, what } in problems {
            let line = if line == 0 {
                String::new()
            } else {
                format!(":{line}")
            };
            anstream::println!("{path}{line}: {what} [{}]", check.name);
        }
    }
    let lengths = layout::lengths(&tree);
    anstream::println!(
        "{} Rust files, median {} lines, longest {}",
        lengths.files,
        lengths.median,
        lengths.longest
    );
    if count > 0 {
        bail!(
            "tidy found {count} {}",
            if count == 1 { "problem" } else { "problems" }
        );
    }
    Ok(())
}

impl Problem {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_sorted() {
        assert!(CHECKS.is_sorted_by(|a, b| a.name < b.name));
    }
}
