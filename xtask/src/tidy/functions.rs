//! Functions are short enough to be read at once.

use super::{Problem, Tree};

const LINES_MAX: usize = 69;

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.rust() {
        for function in file.source.iter().flat_map(|source| &source.functions) {
            if function.length > LINES_MAX {
                let what = format!(
                    "function {} takes {} lines; {LINES_MAX} is the most: split it by idea",
                    function.name, function.length
                );
                problems.push(Problem::new(&file.path, function.line, what));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    fn check(statements: usize, wrapped: &str, expected: usize) {
        let body = "    let _ = 1;\n".repeat(statements);
        let text = wrapped.replace("BODY", &format!("fn long() {{\n{body}}}"));
        let tree = tree(&[("crates/x/src/a.rs", &text)]);
        assert_eq!(
            super::check(&tree).len(),
            expected,
            "{statements} in {wrapped}"
        );
    }

    #[test]
    fn a_function_has_at_most_69_lines() {
        check(67, "//! x\nBODY\n", 0);
        check(68, "//! x\nBODY\n", 1);
    }

    #[test]
    fn methods_and_functions_within_functions_count() {
        check(68, "//! x\nimpl X {\nBODY\n}\n", 1);
        check(68, "//! x\ntrait X {\nBODY\n}\n", 1);
        check(68, "//! x\nfn outer() {\nBODY\n}\n", 2);
    }

    #[test]
    fn documentation_does_not_count() {
        let notes = "/// A line.\n".repeat(30);
        check(67, &format!("//! x\n{notes}BODY\n"), 0);
    }
}
