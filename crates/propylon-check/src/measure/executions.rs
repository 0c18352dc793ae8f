//! How often a call ran, on every instance, whichever processes and hosts they are on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lab::Lab;
use crate::talk::{Report, Voice};
use crate::wire::Trouble;

/// How often the probe is asked at least: an answer may come before a replay has run.
const ASKED_MIN: usize = 2;
/// How often for each instance, to meet them all: a process knows of its own instances only.
const ASKED_EACH: usize = 4;

/// Counts the runs of the call with this key.
pub(crate) async fn executions(lab: &Lab, voice: &Voice, key: &str) -> Result<u64, Trouble> {
    let mut counts = Counts::default();
    let mut trouble = None;
    let instances = &lab.facts.instances;
    for asked in 1..=instances.len().max(1) * ASKED_EACH {
        match lab.call(voice, "executions", json!({"key": key})).await {
            Ok(report) => counts.add(&report),
            // Asking has no effect, and one broken answer hides nothing that the next does not tell.
            Err(error) => trouble = Some(error),
        }
        if asked >= ASKED_MIN && counts.know(instances) {
            break;
        }
    }
    match trouble {
        Some(trouble) if counts.0.is_empty() => Err(trouble),
        _ => Ok(counts.total()),
    }
}

/// Runs by instance.
#[derive(Debug, Default)]
struct Counts(BTreeMap<String, u64>);

impl Counts {
    fn add(&mut self, report: &Report) {
        let by_instance = report.at("/by_instance").and_then(Value::as_object);
        self.add_all(by_instance.into_iter().flatten());
    }

    fn add_all<'count>(&mut self, counts: impl Iterator<Item = (&'count String, &'count Value)>) {
        for (name, count) in counts {
            let count = count.as_u64().unwrap_or_default();
            let known = self.0.entry(name.clone()).or_default();
            *known = count.max(*known);
        }
    }

    /// Whether each of the instances has been heard of.
    fn know(&self, instances: &[String]) -> bool {
        instances.iter().all(|name| self.0.contains_key(name))
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Counts;

    #[test]
    fn processes_are_added_up_and_answers_are_not() {
        let mut counts = Counts::default();
        let names = ["east", "west-1", "west-2"].map(str::to_owned);
        let mut add = |report: serde_json::Value| {
            counts.add_all(report.as_object().unwrap().iter());
            (counts.total(), counts.know(&names))
        };
        assert_eq!(add(json!({"west-1": 1, "west-2": 0})), (1, false));
        assert_eq!(add(json!({"west-1": 1, "west-2": 0})), (1, false));
        assert_eq!(add(json!({"east": 1})), (2, true));
        assert_eq!(add(json!({"west-1": 2, "west-2": 0})), (3, true));
    }
}
