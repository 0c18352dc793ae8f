//! One run of `propylon check`, and its verdicts.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Guarded, within};

/// How long one check may take; a run that takes longer is a failure of the check.
const PATIENCE: Duration = Duration::from_secs(240);

/// One row of a report.
#[derive(Clone, Debug)]
pub struct Row {
    /// `pass`, `fail`, `skip` and so on.
    pub verdict: String,
    /// What was seen, for a person.
    pub text: String,
}

/// A report.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Every row by its practice.
    pub rows: BTreeMap<String, Row>,
    /// Why there are no verdicts, when there are none.
    pub trouble: Option<String>,
    /// How long the check took.
    pub took: Duration,
}

impl Judgement {
    /// Runs a check: `command` is `propylon check URL` with every argument but the report's format.
    pub fn of(mut command: Command) -> Self {
        command.args(["--format", "json"]).env("NO_COLOR", "1");
        let began = Instant::now();
        let mut check = Guarded::start(command);
        let status = check.wait(PATIENCE);
        let took = began.elapsed();
        let code = status.and_then(|status| status.code());
        // What it wrote may be read a moment after its end.
        let report = within(Duration::from_secs(5), || {
            serde_json::from_str::<Value>(&check.stdout().text()).ok()
        });
        let Some(report) = report else {
            let said = check.output().text();
            return Self::none(format!("exit {code:?} without a report: {said}"), took);
        };
        let judgement = Self {
            rows: rows(&report),
            trouble: None,
            took,
        };
        let expected = i32::from(!judgement.failed().is_empty());
        if code != Some(expected) {
            let why = format!("exit {code:?} where the report's verdicts mean {expected}");
            return Self::none(why, took);
        }
        judgement
    }

    /// The judgement of a run without verdicts.
    pub fn none(trouble: String, took: Duration) -> Self {
        Self {
            rows: BTreeMap::new(),
            trouble: Some(trouble),
            took,
        }
    }

    /// The ids that failed, in order.
    pub fn failed(&self) -> Vec<&str> {
        self.with_verdict("fail")
    }

    /// The ids with this verdict, in order.
    pub fn with_verdict(&self, verdict: &str) -> Vec<&str> {
        let rows = self.rows.iter().filter(|(_, row)| row.verdict == verdict);
        rows.map(|(id, _)| id.as_str()).collect()
    }

    /// What was seen of `id`.
    pub fn text(&self, id: &str) -> &str {
        self.rows
            .get(id)
            .map_or("not in the report", |row| &row.text)
    }
}

fn rows(report: &Value) -> BTreeMap<String, Row> {
    let results = report["results"].as_array().into_iter().flatten();
    let row = |result: &Value| {
        let word = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        let evidence = result["evidence"].as_array().into_iter().flatten();
        let evidence: Vec<String> = evidence
            .map(|one| {
                format!(
                    "{} [expected {}; found {}]",
                    one["what"], one["expected"], one["found"]
                )
            })
            .collect();
        let text = format!("{} {}", word("summary"), evidence.join("; "));
        let verdict = word("verdict");
        (word("id"), Row { verdict, text })
    };
    results.map(row).collect()
}
