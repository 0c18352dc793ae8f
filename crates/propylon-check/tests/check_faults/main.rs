//! Every check against a chain with one thing wrong: it fires, and nothing else does that does not follow.

mod chain;
mod fault;
mod login;
mod message;
mod proxy;
mod relay;
mod tls;

use std::collections::BTreeSet;
use std::sync::Mutex;

use propylon_check::Profile;
use propylon_practices::{PRACTICES, Seen};

use chain::{failed, measure};
use fault::{Fault, GOOD, QUICK, QUIET, Row};

/// Chains that are measured side by side.
const AT_ONCE: usize = 10;

#[test]
fn good_chains_have_no_findings_and_each_fault_is_found_by_its_check_and_no_other() {
    let problems = side_by_side(GOOD, |fault| alarm(*fault))
        .into_iter()
        .chain(found(QUICK, Profile::Quick));
    let problems: Vec<String> = problems.collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
#[ignore = "waits for minutes: cargo xtask matrix runs it"]
fn each_quiet_fault_is_found_by_its_check_and_no_other() {
    let problems = found(QUIET, Profile::Standard);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
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

/// Everything that is not as the rows say.
fn found(rows: &'static [Row], profile: Profile) -> Vec<String> {
    let only = std::env::var("PROPYLON_FAULT").ok();
    let is_wanted = |row: &&'static Row| only.as_deref().is_none_or(|only| row.id == only);
    let rows: Vec<&Row> = rows.iter().filter(is_wanted).collect();
    side_by_side(&rows, |row| problem(row, profile))
}

/// Asks about each item, several at a time, and about what was not well once more: a machine with too much to do is no
/// fault of the checks.
fn side_by_side<T: Sync>(items: &[T], ask: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let waiting = Mutex::new(items.iter());
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(item) = next else { break };
                    if let Some(first) = ask(item) {
                        eprintln!("once more: {first}");
                        problems.lock().unwrap().extend(ask(item));
                    }
                }
            });
        }
    });
    problems.into_inner().unwrap()
}

/// What a good chain is blamed for.
fn alarm(fault: Fault) -> Option<String> {
    let report = measure(fault, Profile::Quick, |_| {});
    let failed = failed(&report);
    let seen = report
        .results
        .iter()
        .filter(|result| failed.contains(&result.id.as_str()));
    let seen =
        seen.map(|result| format!("{}: {} {:?}", result.id, result.summary, result.evidence));
    (!failed.is_empty()).then(|| format!("{fault:?}: {}", seen.collect::<Vec<_>>().join("\n")))
}

fn problem(row: &Row, profile: Profile) -> Option<String> {
    // Comments that are dropped are altered streams too; each is held where it is measured.
    let skipped: &[&str] = if profile == Profile::Standard {
        &["sse-altered"]
    } else {
        &[]
    };
    let report = measure(row.fault, profile, |options| {
        options.skip = skipped.iter().map(ToString::to_string).collect();
    });
    let failed = failed(&report);
    let missed = !failed.contains(&row.id);
    let false_alarms: Vec<&&str> = failed
        .iter()
        .filter(|id| **id != row.id && !row.follows.contains(id))
        .collect();
    let result = |id: &str| {
        let found = report.results.iter().find(|result| result.id == id);
        found.map_or_else(String::new, |result| {
            format!(
                "{}: {} {:?}",
                result.verdict.as_str(),
                result.summary,
                result.evidence
            )
        })
    };
    if missed {
        return Some(format!(
            "{:?}: {} was not found: {}",
            row.fault,
            row.id,
            result(row.id)
        ));
    }
    let alarms: Vec<String> = false_alarms
        .iter()
        .map(|id| format!("{id}: {}", result(id)))
        .collect();
    (!alarms.is_empty()).then(|| format!("{:?}: false alarms {alarms:#?}", row.fault))
}
