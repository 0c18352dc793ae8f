//! `session-scattered`: whether every request of a session reaches the instance that made it.

use std::collections::BTreeMap;
use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::measure::{Scatter, scatter};
use crate::outcome::{Checked, Outcome};

pub(super) const CHECK: Check = Check {
    id: "session-scattered",
    needs: &[Need::Probe, Need::Legacy, Need::Instances],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    Ok(judge(scatter(&lab).await?))
}

fn judge(scatter: &Scatter) -> Outcome {
    let mut by_method: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut astray = 0;
    for session in &scatter.sessions {
        let mut is_astray = false;
        for visit in &session.visits {
            let elsewhere = visit
                .answered_by
                .as_ref()
                .is_some_and(|name| *name != session.minted_by);
            // The instance that made a session and does not know it got another id: that is session-header-lost.
            let missed = elsewhere || (visit.is_stranger && visit.answered_by.is_none());
            let counts = by_method.entry(visit.method).or_default();
            counts.0 += 1;
            counts.1 += usize::from(missed);
            is_astray |= missed;
        }
        astray += usize::from(is_astray);
    }
    let mut minted: BTreeMap<&str, usize> = BTreeMap::new();
    for session in &scatter.sessions {
        *minted.entry(&session.minted_by).or_default() += 1;
    }
    let total = scatter.sessions.len();
    let mut evidence: Vec<Evidence> = by_method
        .iter()
        .map(|(method, (all, missed))| {
            Evidence::new(
                format!("{method} requests that missed their instance"),
                "0",
                format!("{missed} of {all}"),
            )
        })
        .collect();
    let spread: Vec<String> = minted
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    evidence.push(Evidence::new(
        "sessions by instance",
        "any",
        spread.join(", "),
    ));
    if let Some(trouble) = scatter.troubles.first() {
        evidence.push(Evidence::new(
            "sessions that could not be followed",
            "0",
            format!("{}: {trouble}", scatter.troubles.len()),
        ));
    }
    if astray > 0 {
        return Outcome::fail(format!(
            "{astray} of {total} sessions had a request that reached another instance"
        ))
        .with(evidence);
    }
    if minted.len() < 2 {
        return Outcome::not_seen(
            "all sessions were made by one instance",
            "two or more instances behind the chain",
        )
        .with(evidence);
    }
    Outcome::pass(format!(
        "every request of {total} sessions reached the instance that made it"
    ))
    .with(evidence)
}

#[cfg(test)]
mod tests {
    use propylon_practices::Verdict;

    use super::judge;
    use crate::measure::{Scatter, Visit, Visited};

    fn session(minted_by: &str, answers: &[(&str, u16)]) -> Visited {
        let visits = answers.iter().map(|(name, status)| Visit {
            method: "POST",
            answered_by: Some((*name).to_owned()),
            status: *status,
            is_stranger: *status == 404,
        });
        Visited {
            minted_by: minted_by.into(),
            visits: visits.collect(),
        }
    }

    #[test]
    fn one_stray_request_is_a_scattered_session() {
        let check = |sessions: Vec<Visited>, expected: Verdict| {
            let scatter = Scatter {
                sessions,
                troubles: Vec::new(),
            };
            assert_eq!(judge(&scatter).verdict, expected);
        };
        check(
            vec![session("a", &[("a", 200)]), session("b", &[("b", 200)])],
            Verdict::Pass,
        );
        check(
            vec![
                session("a", &[("a", 200), ("b", 404)]),
                session("b", &[("b", 200)]),
            ],
            Verdict::Fail,
        );
        check(vec![session("a", &[("a", 200)])], Verdict::NotSeen);
    }
}
