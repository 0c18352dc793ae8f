//! Every check against a chain with one thing wrong: it fires, and nothing else does that does not follow.

mod case;
mod chain;
mod fault;
mod login;
mod message;
mod proxy;
mod relay;
mod report;
mod tls;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Instant;

use propylon_check::Profile;
use propylon_practices::{PRACTICES, Seen};

use case::{Case, Found};
use fault::{GOOD, QUICK, QUIET};

/// Chains that are measured side by side.
const AT_ONCE: usize = 10;

#[test]
fn good_chains_have_no_findings_and_each_fault_is_found_by_its_check_and_no_other() {
    let good = GOOD.iter().map(|fault| Case::good(*fault));
    let broken = QUICK.iter().map(|row| Case::of(row, Profile::Quick));
    expect_good("quick", good.chain(broken));
}

#[test]
#[ignore = "waits for minutes: cargo xtask matrix runs it"]
fn each_quiet_fault_is_found_by_its_check_and_no_other() {
    let broken = QUIET.iter().map(|row| Case::of(row, Profile::Standard));
    expect_good("quiet", broken);
}

#[test]
fn every_practice_that_is_seen_from_outside_is_broken_once() {
    let broken: BTreeSet<&str> = QUICK.iter().chain(QUIET).map(|row| row.id).collect();
    let missing: Vec<&str> = PRACTICES
        .iter()
        .filter(|practice| matches!(practice.seen, Seen::Outside(_)))
        .map(|practice| practice.id)
        .filter(|id| !broken.contains(id))
        .collect();
    assert!(missing.is_empty(), "no fault breaks {missing:?}");
}

/// Judges every case and leaves what came of it for `cargo xtask matrix`. `PROPYLON_FAULT=id` judges that row only, and
/// leaves nothing.
fn expect_good(name: &str, cases: impl Iterator<Item = Case>) {
    let only = std::env::var("PROPYLON_FAULT").ok();
    let wanted = |case: &Case| only.is_none() || case.id == only.as_deref();
    let cases: Vec<Case> = cases.filter(wanted).collect();
    let began = Instant::now();
    let found = side_by_side(&cases);
    if only.is_none() {
        report::write(name, &found, began.elapsed());
    }
    let wrong: Vec<&str> = found
        .iter()
        .filter(|found| !found.is_good())
        .map(|found| found.text.as_str())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Judges several at a time, and what was not well once more: a machine with too much to do is no fault of the checks.
fn side_by_side(cases: &[Case]) -> Vec<Found> {
    let waiting = Mutex::new(cases.iter());
    let all = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(case) = next else { break };
                    let mut found = case.judge();
                    if !found.is_good() {
                        println!("once more: {}", found.text);
                        found = case.judge();
                        found.is_second = true;
                    }
                    all.lock().unwrap().push(found);
                }
            });
        }
    });
    all.into_inner().unwrap()
}
