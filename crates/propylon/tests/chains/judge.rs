//! One run of `propylon check` against a standing chain, and its verdicts.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use propylon_testkit::Guarded;
use serde_json::Value;

use crate::stand::{BINARY, Stand, TOKEN};

/// How long one check may take; a run that takes longer is a failure of the check.
const PATIENCE: Duration = Duration::from_secs(240);

/// What is asked of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) profile: &'static str,
    /// Ids to run; all when empty.
    pub(crate) select: &'static [&'static str],
    /// More arguments.
    pub(crate) arguments: &'static [&'static str],
}

/// Everything that the quick profile sees.
pub(crate) const QUICK: Scope = Scope {
    profile: "quick",
    select: &[],
    arguments: &[],
};

/// What can be seen only by waiting.
pub(crate) const WAITING: Scope = Scope {
    profile: "standard",
    select: &[
        "health-on-endpoint",
        "idle-timeout-short",
        "keepalive-race",
        "response-timeout-short",
        "sse-keepalive-missing",
    ],
    arguments: &[],
};

/// One row of a report.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) verdict: String,
    /// What was seen, for a person.
    pub(crate) text: String,
}

/// A report.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub(crate) rows: BTreeMap<String, Row>,
    /// Why there are no verdicts, when there are none.
    pub(crate) trouble: Option<String>,
    pub(crate) took: Duration,
}

impl Judgement {
    /// The ids that failed, in order.
    pub(crate) fn failed(&self) -> Vec<&str> {
        self.with_verdict("fail")
    }

    pub(crate) fn with_verdict(&self, verdict: &str) -> Vec<&str> {
        let rows = self.rows.iter().filter(|(_, row)| row.verdict == verdict);
        rows.map(|(id, _)| id.as_str()).collect()
    }

    /// What was seen of `id`.
    pub(crate) fn text(&self, id: &str) -> &str {
        self.rows
            .get(id)
            .map_or("not in the report", |row| &row.text)
    }
}

/// Runs the check.
pub(crate) fn judge(stand: &Stand, scope: &Scope) -> Judgement {
    let mut command = Command::new(BINARY);
    command.args([
        "check",
        &stand.url,
        "--token",
        TOKEN,
        "--format",
        "json",
        "--profile",
        scope.profile,
    ]);
    command.args(&stand.arguments).args(scope.arguments);
    if !scope.select.is_empty() {
        command.arg("--select").arg(scope.select.join(","));
    }
    command.env("NO_COLOR", "1");
    let began = Instant::now();
    let mut check = Guarded::start(command);
    let status = check.wait(PATIENCE);
    let took = began.elapsed();
    let code = status.and_then(|status| status.code());
    let text = check.stdout().text();
    let trouble = |why: String| Judgement {
        rows: BTreeMap::new(),
        trouble: Some(why),
        took,
    };
    let Ok(report) = serde_json::from_str::<Value>(&text) else {
        return trouble(format!(
            "exit {code:?} without a report: {}",
            check.output().text()
        ));
    };
    let judgement = Judgement {
        rows: rows(&report),
        trouble: None,
        took,
    };
    let expected = i32::from(!judgement.failed().is_empty());
    if code != Some(expected) {
        return trouble(format!(
            "exit {code:?} where the report's verdicts mean {expected}"
        ));
    }
    judgement
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
        (
            word("id"),
            Row {
                verdict: word("verdict"),
                text,
            },
        )
    };
    results.map(row).collect()
}
