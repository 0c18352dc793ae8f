//! What a refused file's author reads: one snapshot for each file under refused/.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use propylon_config::{Position, Severity, load_str};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn stems(folder: &Path, prefix: &str, suffix: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| Some(name.strip_prefix(prefix)?.strip_suffix(suffix)?.to_owned()))
        .collect()
}

#[test]
fn every_refused_file_says_what_is_wrong() {
    let cases = stems(&folder("refused"), "", ".yaml");
    assert!(cases.len() >= 25);
    for case in &cases {
        let text = std::fs::read_to_string(folder("refused").join(format!("{case}.yaml"))).unwrap();
        let errors = load_str("propylon.yaml", &text).unwrap_err();
        assert!(
            errors
                .problems
                .iter()
                .any(|problem| problem.severity == Severity::Error),
            "{case}"
        );
        let shown = errors.to_string();
        assert!(!shown.contains("hunter2"), "{case}");
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(case.as_str(), shown);
        });
    }
}

#[test]
fn no_snapshot_outlives_its_case() {
    let cases = stems(&folder("refused"), "", ".yaml");
    let snapshots = stems(&folder("snapshots"), "refusals__", ".snap");
    assert_eq!(cases, snapshots);
}

#[test]
fn a_problem_has_its_parts_for_programs() {
    let text = std::fs::read_to_string(folder("refused").join("unknown-key.yaml")).unwrap();
    let errors = load_str("propylon.yaml", &text).unwrap_err();
    let [problem] = &errors.problems[..] else {
        panic!("{errors}");
    };
    let position = Position {
        line: 9,
        column: 5,
        length: 7,
    };
    assert_eq!(problem.severity, Severity::Error);
    assert_eq!(problem.file, "propylon.yaml");
    assert_eq!(problem.position, Some(position));
    assert_eq!(
        problem.source_line.as_deref(),
        Some("    timeout: { idle: 5m }")
    );
    assert_eq!(problem.key, "upstreams.weather.timeout");
    assert_eq!(
        problem.suggestion.as_deref(),
        Some("did you mean `timeouts`?")
    );
}
