//! `propylon check` in front of real chains: good ones are clean, and each practice broken alone is found by its id.

mod certificates;
mod chain;
mod faulty;
mod guide;
mod http2;
mod judge;
mod matrix;
mod mutations;
mod report;
mod stability;
mod stand;
mod tls;
mod unheld;

use std::collections::BTreeSet;
use std::time::Instant;

use matrix::{Outcome, Run};
use propylon_practices::{PRACTICES, Seen};

/// Runs everything, and writes what `cargo xtask matrix` makes a document of. `CHAINS_ONLY=word` runs only what has the
/// word in its name or its chain's, and writes nothing.
#[test]
#[ignore = "minutes of waiting behind real products: cargo xtask matrix runs it"]
fn good_chains_are_clean_and_every_broken_practice_is_found() {
    let only = std::env::var("CHAINS_ONLY").ok();
    let runs = matrix::runs(|title| only.as_deref().is_none_or(|only| title.contains(only)));
    assert!(!runs.is_empty(), "nothing is called {only:?}");
    let began = Instant::now();
    let outcomes = matrix::perform(&runs, matrix::twice);
    if only.is_none() {
        report::write(&runs, &outcomes, began.elapsed());
    }
    expect_good(&runs, &outcomes);
}

/// The part that is small and steady enough to run with all other tests.
#[test]
fn serve_has_no_findings_and_the_guides_examples_have_theirs() {
    let runs = matrix::runs(|title| STEADY.contains(&title));
    assert_eq!(runs.len(), STEADY.len());
    let outcomes = matrix::perform(&runs, matrix::twice);
    expect_good(&runs, &outcomes);
}

const STEADY: &[&str] = &[
    "Good propylon on propylon",
    "Guide guide-nginx on guide-nginx",
    "Guide guide-nginx-no-slash on guide-nginx-no-slash",
    "Guide guide-caddy on guide-caddy",
    "Guide guide-caddy-no-slash on guide-caddy-no-slash",
    "Guide guide-traefik on guide-traefik",
];

fn expect_good(runs: &[Run], outcomes: &[Outcome]) {
    let wrong = matrix::wrong(runs, outcomes);
    assert!(
        wrong.is_empty(),
        "{} of {} runs:\n\n{}",
        wrong.len(),
        runs.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn every_row_that_is_seen_from_outside_has_a_mutation() {
    let broken: BTreeSet<&str> = mutations::MUTATIONS
        .iter()
        .map(|mutation| mutation.id)
        .collect();
    let outside = PRACTICES
        .iter()
        .filter(|practice| matches!(practice.seen, Seen::Outside(_)));
    let missing: Vec<&str> = outside
        .map(|practice| practice.id)
        .filter(|id| !broken.contains(id))
        .collect();
    assert!(missing.is_empty(), "no mutation breaks {missing:?}");
}

#[test]
fn what_is_declared_is_in_the_table() {
    let known = |id: &str| PRACTICES.iter().any(|practice| practice.id == id);
    let declared = unheld::UNHELD.iter().map(|row| row.id);
    let mutated = mutations::MUTATIONS
        .iter()
        .flat_map(|mutation| mutation.also.iter().copied().chain([mutation.id]));
    let guide = guide::EXAMPLES
        .iter()
        .flat_map(|example| example.wrong.iter().chain(example.also).copied());
    let unknown: Vec<&str> = declared
        .chain(mutated)
        .chain(guide)
        .filter(|id| !known(id))
        .collect();
    assert!(
        unknown.is_empty(),
        "not in the table of practices: {unknown:?}"
    );
    let names: Vec<&str> = chain::GOOD.iter().map(|chain| chain.name).collect();
    for row in unheld::UNHELD {
        assert!(
            names.contains(&row.chain),
            "no good chain is called {}",
            row.chain
        );
        assert!(
            !row.why.is_empty(),
            "{} on {} says no reason",
            row.id,
            row.chain
        );
    }
}
