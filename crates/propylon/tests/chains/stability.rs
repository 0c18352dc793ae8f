//! The same verdicts run after run while the machine is busy with something else.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::chain::GOOD;
use crate::judge::QUICK;
use crate::matrix::{good_run, once, perform};

/// How often each good chain is judged.
const TIMES: usize = 5;

#[test]
#[ignore = "takes several minutes with the machine loaded on purpose: cargo test --test chains -- --ignored"]
fn verdicts_are_the_same_five_times_on_a_loaded_machine() {
    let done = AtomicBool::new(false);
    let differing = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let differing = compare();
        done.store(true, Ordering::Relaxed);
        differing
    });
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Judges every good chain several times, and says which rows were not judged the same.
fn compare() -> Vec<String> {
    let runs: Vec<_> = GOOD
        .iter()
        .flat_map(|chain| (0..TIMES).map(|_| good_run(chain, QUICK)))
        .collect();
    let outcomes = perform(&runs, once);
    let mut differing = Vec::new();
    for (chain, outcomes) in GOOD.iter().zip(outcomes.chunks(TIMES)) {
        let first = &outcomes[0].judgement;
        for (turn, outcome) in outcomes.iter().enumerate() {
            if let Some(trouble) = &outcome.judgement.trouble {
                differing.push(format!("{} run {turn}: {trouble}", chain.name));
            }
            for (id, row) in &outcome.judgement.rows {
                let before = first
                    .rows
                    .get(id)
                    .map_or("absent", |row| row.verdict.as_str());
                if before != row.verdict {
                    differing.push(format!(
                        "{} run {turn}: {id} was {before}, now {}: {}",
                        chain.name, row.verdict, row.text
                    ));
                }
            }
        }
    }
    differing
}
