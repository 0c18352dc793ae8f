//! `passive-ejection`: calls that fail on one instance, and the other sessions of that instance right after.

use std::collections::BTreeMap;
use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::measure::{Residents, residents};
use crate::outcome::{Checked, Outcome};
use crate::talk::{Session, Voice};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "passive-ejection",
    needs: &[Need::Probe, Need::Token, Need::Legacy, Need::Instances],
    stage: Stage::Breaking,
    run: |lab| Box::pin(run(lab)),
};

/// Failures of each kind, more than the usual thresholds of 3 to 5.
const FAILURES: usize = 10;
/// Sessions opened on each instance: under a hash one in three stays with the instance that made it.
const EACH: usize = 8;
/// Pings that show a session to be kept at its instance.
const PINGS: usize = 6;

async fn run(lab: Rc<Lab>) -> Checked {
    let Residents { sessions } = residents(&lab, EACH).await?;
    let Some((victim, steady)) = steadiest(&lab, sessions).await else {
        return Ok(Outcome::not_seen(
            "no instance's sessions reach it even before anything fails",
            "a chain that keeps sessions together",
        ));
    };
    let Some((culprit, bystanders)) = steady.split_first() else {
        return Err(Trouble::unexpected("the instance has no session"));
    };
    let voice = Voice::Legacy(culprit.clone());
    let cut = lab.with_token(json!({"when": "before-head"}));
    let fail = lab.with_token(json!({"status": 500}));
    for (tool, arguments) in [("cut", cut), ("respond", fail)] {
        for _ in 0..FAILURES {
            // What the client gets of a failing call is not this check's matter.
            let _ = lab
                .settle(&voice.tool(&lab, tool, arguments.clone()), lab.soon())
                .await;
        }
    }
    let mut faults = Vec::new();
    for (bystander, n) in bystanders.iter().zip(1..) {
        faults.extend(stands(&lab, bystander, &victim, n).await);
    }
    Ok(Outcome::of_faults(
        faults,
        "failing calls of one session take other sessions of its instance away",
        format!(
            "after {} failing calls on {victim}, its other sessions were served as before",
            2 * FAILURES
        ),
    ))
}

/// The instance with the most sessions that stay with it, and those: two at least, one to fail and one to look on. A
/// session that misses its instance before anything failed is session-scattered's matter.
async fn steadiest(
    lab: &Lab,
    sessions: BTreeMap<String, Vec<Session>>,
) -> Option<(String, Vec<Session>)> {
    let mut best: Option<(String, Vec<Session>)> = None;
    for (instance, held) in sessions {
        let mut steady = Vec::new();
        for session in held {
            if is_steady(lab, &session, &instance).await {
                steady.push(session);
            }
        }
        let most = best.as_ref().map_or(1, |(_, steady)| steady.len());
        if steady.len() > most {
            best = Some((instance, steady));
        }
    }
    best
}

/// Whether every one of some pings in the session reaches its instance.
async fn is_steady(lab: &Lab, session: &Session, victim: &str) -> bool {
    for _ in 0..PINGS {
        if stands(lab, session, victim, 0).await.is_some() {
            return false;
        }
    }
    true
}

async fn stands(lab: &Lab, session: &Session, victim: &str, n: usize) -> Option<Evidence> {
    let ping = session.request(
        lab,
        &json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"}),
    );
    let found = match lab.ask(&ping).await {
        Ok(answer)
            if answer.status() == 200 && answer.head.instance().as_deref() == Some(victim) =>
        {
            return None;
        }
        Ok(answer) => format!("{}: {}", answer.head.describe(), answer.excerpt()),
        Err(error) => error.to_string(),
    };
    Some(Evidence::new(
        format!("a ping in session {n} of {victim}"),
        format!("its answer, from {victim}"),
        found,
    ))
}
