//! What a check says about one practice, in the shape reports carry it.

use serde::{Deserialize, Serialize};

use crate::fix::{Product, fix};
use crate::practice::Practice;

/// The outcome of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The practice holds.
    Pass,
    /// The practice does not hold.
    Fail,
    /// The practice does not concern this deployment.
    NotApplicable,
    /// It could not be seen; [`CheckResult::needs`] says what is missing.
    NotSeen,
}

impl Verdict {
    /// The word used in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotApplicable => "not-applicable",
            Self::NotSeen => "not-seen",
        }
    }
}

/// One thing that was looked at: what it was, what should have been there, and what was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// What was looked at, with its unit: `delay of event 3, ms`.
    pub what: String,
    /// What would have passed.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl Evidence {
    /// One line of evidence.
    pub fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CheckResult {
    /// The practice's id.
    pub id: String,
    /// The outcome.
    pub verdict: Verdict,
    /// One sentence: what was seen, or why it does not apply.
    pub summary: String,
    /// What was looked at, in numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What a user notices; only on a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequence: Option<String>,
    /// What to do about it, in Markdown; only on a failure, and only when the product is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What is missing: a probe, a second instance, a token; only when not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
}

impl CheckResult {
    /// The practice holds.
    pub fn pass(practice: &Practice, summary: impl Into<String>) -> Self {
        Self::bare(practice, Verdict::Pass, summary.into())
    }

    /// The practice does not hold. The consequence comes from the table.
    pub fn fail(practice: &Practice, summary: impl Into<String>, evidence: Vec<Evidence>) -> Self {
        let consequence = Some(practice.consequence.to_owned());
        Self {
            evidence,
            consequence,
            ..Self::bare(practice, Verdict::Fail, summary.into())
        }
    }

    /// The practice does not concern this deployment; `why` says why.
    pub fn not_applicable(practice: &Practice, why: impl Into<String>) -> Self {
        Self::bare(practice, Verdict::NotApplicable, why.into())
    }

    /// The check could not see; `summary` says what it tried, `needs` what would let it see.
    pub fn not_seen(
        practice: &Practice,
        summary: impl Into<String>,
        needs: impl Into<String>,
    ) -> Self {
        let needs = Some(needs.into());
        Self {
            needs,
            ..Self::bare(practice, Verdict::NotSeen, summary.into())
        }
    }

    /// Adds what was looked at, for any verdict.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Vec<Evidence>) -> Self {
        self.evidence = evidence;
        self
    }

    /// Adds the fix for `product` to a failure; leaves other verdicts alone.
    #[must_use]
    pub fn with_fix(mut self, practice: &Practice, product: Product) -> Self {
        if self.verdict == Verdict::Fail {
            self.fix = Some(fix(practice, product));
        }
        self
    }

    fn bare(practice: &Practice, verdict: Verdict, summary: String) -> Self {
        Self {
            id: practice.id.to_owned(),
            verdict,
            summary,
            evidence: Vec::new(),
            consequence: None,
            fix: None,
            needs: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::find;

    fn practice() -> &'static Practice {
        find("sse-buffered").expect("sse-buffered is in the table")
    }

    #[test]
    fn a_failure_carries_the_consequence_and_the_fix() {
        let evidence = vec![Evidence::new("delay of event 1, ms", "under 50", "4002")];
        let result = CheckResult::fail(practice(), "held back", evidence)
            .with_fix(practice(), Product::Nginx);
        assert_eq!(result.consequence.as_deref(), Some(practice().consequence));
        assert!(
            result
                .fix
                .is_some_and(|text| text.contains("proxy_buffering off"))
        );
    }

    #[test]
    fn only_a_failure_carries_a_fix() {
        let result = CheckResult::pass(practice(), "fine").with_fix(practice(), Product::Nginx);
        assert_eq!(result.fix, None);
    }

    #[test]
    fn reports_leave_out_what_is_empty_and_read_back() {
        let result = CheckResult::not_seen(practice(), "no probe answered", "a probe upstream");
        let json = serde_json::to_string(&result).expect("serialises");
        insta::assert_snapshot!(json, @r#"{"id":"sse-buffered","verdict":"not-seen","summary":"no probe answered","needs":"a probe upstream"}"#);
        assert_eq!(
            serde_json::from_str::<CheckResult>(&json).expect("reads back"),
            result
        );
    }

    #[test]
    fn verdicts_serialise_as_their_word() {
        for verdict in [
            Verdict::Pass,
            Verdict::Fail,
            Verdict::NotApplicable,
            Verdict::NotSeen,
        ] {
            let json = serde_json::to_value(verdict).expect("serialises");
            assert_eq!(json, verdict.as_str());
        }
    }
}
