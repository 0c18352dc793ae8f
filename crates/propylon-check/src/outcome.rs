//! What a check says: one of four verdicts, with what it looked at.

use std::time::Duration;

use propylon_practices::{CheckResult, Evidence, Practice, Product, Verdict};

use crate::wire::Trouble;

/// A verdict on one practice, before it is joined with the table's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) summary: String,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) needs: Option<String>,
}

/// What a check's measurement comes to: trouble means that nothing was seen.
pub(crate) type Checked = Result<Outcome, Trouble>;

impl Outcome {
    fn new(verdict: Verdict, summary: impl Into<String>) -> Self {
        Self {
            verdict,
            summary: summary.into(),
            evidence: Vec::new(),
            needs: None,
        }
    }

    pub(crate) fn pass(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, summary)
    }

    pub(crate) fn fail(summary: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, summary)
    }

    pub(crate) fn not_applicable(why: impl Into<String>) -> Self {
        Self::new(Verdict::NotApplicable, why)
    }

    pub(crate) fn not_seen(summary: impl Into<String>, needs: impl Into<String>) -> Self {
        Self {
            needs: Some(needs.into()),
            ..Self::new(Verdict::NotSeen, summary)
        }
    }

    /// A pass that a longer wait could still take back is no pass: it says how far was seen, and what sees further.
    pub(crate) fn seen_only_for(self, quiet: Duration) -> Self {
        if self.verdict != Verdict::Pass {
            return self;
        }
        Self {
            verdict: Verdict::NotSeen,
            summary: format!(
                "good for {} s, which is all this profile waits: {}",
                quiet.as_secs(),
                self.summary
            ),
            needs: Some("--profile standard (75 s) or full (330 s)".into()),
            ..self
        }
    }

    /// Adds one line of evidence.
    pub(crate) fn saw(
        mut self,
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        self.evidence.push(Evidence::new(what, expected, found));
        self
    }

    /// Adds lines of evidence.
    pub(crate) fn with(mut self, evidence: Vec<Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Fails when there is evidence of a fault, else passes.
    pub(crate) fn of_faults(
        faults: Vec<Evidence>,
        bad: impl Into<String>,
        good: impl Into<String>,
    ) -> Self {
        if faults.is_empty() {
            Self::pass(good)
        } else {
            Self::fail(bad).with(faults)
        }
    }

    /// Joins it with the table.
    pub(crate) fn result(self, practice: &Practice, product: Option<Product>) -> CheckResult {
        let needs = self.needs.unwrap_or_else(|| "another try".into());
        let result = match self.verdict {
            Verdict::Pass => CheckResult::pass(practice, self.summary).with_evidence(self.evidence),
            Verdict::Fail => CheckResult::fail(practice, self.summary, self.evidence),
            Verdict::NotApplicable => {
                CheckResult::not_applicable(practice, self.summary).with_evidence(self.evidence)
            }
            Verdict::NotSeen => {
                CheckResult::not_seen(practice, self.summary, needs).with_evidence(self.evidence)
            }
        };
        match product {
            Some(product) => result.with_fix(practice, product),
            None => result,
        }
    }
}
