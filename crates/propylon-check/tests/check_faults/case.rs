//! One chain, what must be found behind it, and what was.

use propylon_check::{Profile, RunReport};

use crate::chain::{failed, measure};
use crate::fault::{Fault, Row};

/// A chain, and what it breaks.
pub(crate) struct Case {
    fault: Fault,
    /// The practice that is broken; none where all is well.
    pub(crate) id: Option<&'static str>,
    follows: &'static [&'static str],
    profile: Profile,
}

/// What was found.
pub(crate) struct Found {
    pub(crate) id: Option<&'static str>,
    /// How many verdicts were given.
    pub(crate) judged: usize,
    pub(crate) is_missed: bool,
    /// Ids that failed and should not have.
    pub(crate) alarms: Vec<String>,
    /// The case was judged before, and not as it should be.
    pub(crate) is_second: bool,
    /// For a person.
    pub(crate) text: String,
}

impl Found {
    pub(crate) fn is_good(&self) -> bool {
        !self.is_missed && self.alarms.is_empty()
    }
}

impl Case {
    pub(crate) fn good(fault: Fault) -> Self {
        Self {
            fault,
            id: None,
            follows: &[],
            profile: Profile::Quick,
        }
    }

    pub(crate) fn of(row: &Row, profile: Profile) -> Self {
        Self {
            fault: row.fault,
            id: Some(row.id),
            follows: row.follows,
            profile,
        }
    }

    pub(crate) fn judge(&self) -> Found {
        // Comments that are dropped are altered streams too; each is held where it is measured.
        let skipped: &[&str] = if self.profile == Profile::Standard {
            &["sse-altered"]
        } else {
            &[]
        };
        let report = measure(self.fault, self.profile, |options| {
            options.skip = skipped.iter().map(ToString::to_string).collect();
        });
        let failed = failed(&report);
        let is_missed = self.id.is_some_and(|id| !failed.contains(&id));
        let is_alarm = |id: &&&str| self.id != Some(**id) && !self.follows.contains(*id);
        let alarms: Vec<String> = failed
            .iter()
            .filter(is_alarm)
            .map(ToString::to_string)
            .collect();
        let missed = self.id.filter(|_| is_missed);
        let told = missed.into_iter().chain(alarms.iter().map(String::as_str));
        let told: Vec<String> = told.map(|id| told_of(&report, id)).collect();
        Found {
            id: self.id,
            judged: report.results.len(),
            is_missed,
            text: format!("{:?} ({:?}): {}", self.fault, self.id, told.join("\n  ")),
            alarms,
            is_second: false,
        }
    }
}

fn told_of(report: &RunReport, id: &str) -> String {
    let found = report.results.iter().find(|result| result.id == id);
    found.map_or_else(String::new, |result| {
        format!(
            "{id}, {}: {} {:?}",
            result.verdict.as_str(),
            result.summary,
            result.evidence
        )
    })
}
