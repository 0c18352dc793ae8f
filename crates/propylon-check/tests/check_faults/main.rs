//! Every check against a chain with one thing wrong: it fires, and nothing else does that does not follow.

mod chain;
mod fault;
mod message;
mod proxy;
mod relay;

use std::sync::Mutex;

use propylon_check::Profile;

use chain::{failed, measure};
use fault::{Fault, QUICK, QUIET, Row};

/// Chains that are measured side by side.
const AT_ONCE: usize = 6;

#[test]
fn a_good_chain_has_no_findings() {
    let report = measure(Fault::None, Profile::Quick, |_| {});
    let seen = report.results.iter().map(|result| {
        format!(
            "{} {}: {}\n",
            result.verdict.as_str(),
            result.id,
            result.summary
        )
    });
    assert!(
        failed(&report).is_empty(),
        "{:?}\n{}",
        failed(&report),
        seen.collect::<String>()
    );
}

#[test]
fn each_fault_is_found_by_its_check_and_no_other() {
    found(QUICK, Profile::Quick);
}

#[test]
fn each_quiet_fault_is_found_by_its_check_and_no_other() {
    found(QUIET, Profile::Standard);
}

/// Measures a chain for each row, several side by side, and says everything that is not as the row says.
fn found(rows: &[Row], profile: Profile) {
    let only = std::env::var("PROPYLON_FAULT").ok();
    let rows: Vec<&Row> = rows
        .iter()
        .filter(|row| only.as_deref().is_none_or(|only| row.id == only))
        .collect();
    let waiting = Mutex::new(rows.into_iter());
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(row) = next else { break };
                    let problem = problem(row, profile);
                    problems.lock().unwrap().extend(problem);
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
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
