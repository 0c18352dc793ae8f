//! No text makes the reader panic, run away or refuse without saying why.

use std::fmt::Write as _;

use proptest::prelude::*;
use propylon_config::load_str;

const FULL: &str = include_str!("../../../examples/full.yaml");

/// A refusal has at least one error, each renders, and every position points into the text.
fn judge(text: &str) -> Result<(), TestCaseError> {
    let Err(errors) = load_str("mangled.yaml", text) else {
        return Ok(());
    };
    prop_assert!(errors.errors().next().is_some());
    prop_assert!(!errors.to_string().is_empty());
    // YAML ends a line at a lone carriage return too.
    let lines = text.replace('\r', "\n").lines().count() + 1;
    for problem in &errors.problems {
        if let Some(position) = problem.position {
            prop_assert!((1..=lines).contains(&position.line), "{problem}");
            prop_assert!(position.column >= 1);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_lost_doubled_or_moved(line in 0usize..100, to in 0usize..100, keep in any::<bool>()) {
        let mut lines: Vec<&str> = FULL.lines().collect();
        let line = line % lines.len();
        let taken = if keep { lines[line] } else { lines.remove(line) };
        let to = to % lines.len();
        lines.insert(to, taken);
        judge(&lines.join("\n"))?;
    }

    #[test]
    fn a_piece_replaced(at in any::<prop::sample::Index>(), length in 0usize..12, with in "[-\\[\\]{}:,&*!|>'\"%@`#? \n\ta-z0-9é]{0,8}") {
        let text: Vec<char> = FULL.chars().collect();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        let mangled: String = text[..start].iter().copied().chain(with.chars()).chain(text[end..].iter().copied()).collect();
        judge(&mangled)?;
    }

    #[test]
    fn any_value_at_any_key(line in any::<prop::sample::Index>(), value in "\\PC{0,24}") {
        let mut lines: Vec<String> = FULL.lines().map(str::to_owned).collect();
        let line = &mut lines[line.index(FULL.lines().count())];
        if let Some(colon) = line.find(": ") {
            line.truncate(colon + 2);
            line.push_str(&value);
        }
        judge(&lines.join("\n"))?;
    }

    #[test]
    fn any_text(text in "(?s).{0,200}") {
        judge(&text)?;
    }
}

#[test]
fn aliases_that_multiply_cost_nothing() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..25 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let errors = load_str("bomb.yaml", &text).unwrap_err();
    assert!(errors.errors().any(|problem| problem.key == "a24"));
}

#[test]
fn merges_that_multiply_are_refused() {
    let mut text = String::from("a0: &a0 [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    text.push_str("b:\n  <<: *a11\n");
    let errors = load_str("bomb.yaml", &text).unwrap_err();
    assert!(
        errors
            .to_string()
            .contains("the file has more than 100000 values")
    );
}

#[test]
fn depth_is_bounded_with_and_without_aliases() {
    let brackets = format!("a: {}{}\n", "[".repeat(20_000), "]".repeat(20_000));
    assert!(load_str("deep.yaml", &brackets).is_err());
    let mut aliases = String::from("a0: &a0 x\n");
    for level in 1..30_000 {
        writeln!(aliases, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    let errors = load_str("deep.yaml", &aliases).unwrap_err();
    assert!(errors.to_string().contains("nested too deeply"));
}

#[test]
fn a_file_beyond_the_bound_is_refused() {
    let text = "#".repeat((1 << 20) + 1);
    let errors = load_str("large.yaml", &text).unwrap_err();
    assert!(errors.to_string().contains("larger than 1 MiB"));
}
