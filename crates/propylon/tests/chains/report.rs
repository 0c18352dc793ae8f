//! What came of the runs, as JSON for `cargo xtask matrix`, which makes a document of it.

use std::path::Path;
use std::time::Duration;

use propylon_practices::{PRACTICES, Seen};
use serde_json::{Value, json};

use crate::matrix::{Outcome, Run};
use crate::unheld::UNHELD;

/// Writes `target/check-chains.json`.
///
/// # Panics
/// When the target folder cannot be written to.
pub(crate) fn write(runs: &[Run], outcomes: &[Outcome], took: Duration) {
    let outside = PRACTICES
        .iter()
        .filter(|practice| matches!(practice.seen, Seen::Outside(_)));
    let report = json!({
        "practices": outside.map(|practice| practice.id).collect::<Vec<_>>(),
        "runs": runs.iter().zip(outcomes).map(one).collect::<Vec<_>>(),
        "unheld": UNHELD
            .iter()
            .map(|row| json!({"chain": row.chain, "id": row.id, "why": row.why}))
            .collect::<Vec<_>>(),
        "seconds": took.as_secs(),
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/check-chains.json");
    std::fs::write(file, format!("{report:#}\n")).expect("target can be written to");
}

fn one((run, outcome): (&Run, &Outcome)) -> Value {
    json!({
        "kind": format!("{:?}", run.kind).to_lowercase(),
        "name": run.name,
        "chain": run.chain.name,
        "profile": run.profile(),
        "expected": run.expected,
        "allowed": run.allowed,
        "judged": outcome.judgement.rows.len(),
        "found": outcome.judgement.failed(),
        "missed": outcome.missed,
        "extra": outcome.extra,
        "trouble": outcome.judgement.trouble,
        "before": outcome.before,
    })
}
