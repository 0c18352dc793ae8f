//! The table is sorted, whole, and agrees with the practices.

use propylon_practices::{PRACTICES, find};

use super::CHECKS;

#[test]
fn the_table_is_sorted() {
    assert!(CHECKS.is_sorted_by(|a, b| a.id < b.id));
}

#[test]
fn every_check_is_of_a_practice_that_is_seen_from_outside() {
    for check in CHECKS {
        let practice = find(check.id).unwrap_or_else(|| panic!("{} is no practice", check.id));
        assert!(
            practice.seen.is_outside(),
            "{} is not seen from outside",
            check.id
        );
    }
}

#[test]
fn every_practice_seen_from_outside_has_a_check() {
    let missing: Vec<&str> = PRACTICES
        .iter()
        .filter(|practice| practice.seen.is_outside())
        .map(|practice| practice.id)
        .filter(|id| !CHECKS.iter().any(|check| check.id == *id))
        .collect();
    assert!(missing.is_empty(), "without a check: {missing:?}");
}

#[test]
fn every_check_has_its_file() {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .replace('_', "-");
        let known = stem == "tests" || CHECKS.iter().any(|check| check.id == stem);
        assert!(known, "{} is not registered", path.display());
    }
}
