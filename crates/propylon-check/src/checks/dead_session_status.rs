//! `dead-session-status`: what a client is told when the instance that had its session is gone.

use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::measure::{Residents, residents};
use crate::outcome::{Checked, Outcome};
use crate::talk::{Session, Voice};
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "dead-session-status",
    needs: &[Need::Probe, Need::Token, Need::Legacy, Need::Instances],
    stage: Stage::Breaking,
    run: |lab| Box::pin(run(lab)),
};

/// How long the instance is gone.
const GONE: Duration = Duration::from_secs(4);
/// From the request to the death.
const DELAY: Duration = Duration::from_millis(200);

async fn run(lab: Rc<Lab>) -> Checked {
    let Residents { sessions, .. } = residents(&lab, 2).await?;
    let Some((victim, orphans)) = sessions.into_iter().next() else {
        return Err(Trouble::unexpected("no session could be opened"));
    };
    let Some(first) = orphans.first() else {
        return Err(Trouble::unexpected("the instance has no session"));
    };
    kill(&lab, first, &victim).await?;
    let back = Instant::now() + DELAY + GONE;
    tokio::time::sleep(DELAY + Duration::from_millis(150)).await;
    let mut seen = Vec::new();
    for orphan in &orphans {
        seen.push(ask_until_settled(&lab, orphan, back).await);
    }
    let replacement = Session::open(&lab).await;
    let outcome = judge(&victim, &seen, replacement.map(|session| session.instance));
    lab.forget_session().await;
    // The next check wants all instances.
    tokio::time::sleep_until((back + Duration::from_millis(300)).into()).await;
    Ok(outcome)
}

async fn kill(lab: &Lab, session: &Session, victim: &str) -> Result<(), Trouble> {
    let voice = Voice::Legacy(session.clone());
    let arguments = |instance: &Value| {
        lab.with_token(json!({
            "seconds": GONE.as_secs(),
            "delay_ms": u64::try_from(DELAY.as_millis()).unwrap_or(200),
            "how": "refuse",
            "instance": instance,
        }))
    };
    let named = lab
        .call(&voice, "pretend_dead", arguments(&json!(victim)))
        .await;
    named.map(drop)
}

/// What a request of a lost session got: the first answer, and how long until it was 404.
struct Seen {
    first: String,
    not_found_after: Option<Duration>,
}

async fn ask_until_settled(lab: &Lab, session: &Session, until: Instant) -> Seen {
    let began = Instant::now();
    let mut seen = Seen {
        first: String::new(),
        not_found_after: None,
    };
    while Instant::now() < until {
        let ping = session.request(
            lab,
            &json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"}),
        );
        let answer = lab.ask_within(&ping, Duration::from_secs(2)).await;
        if seen.first.is_empty() {
            seen.first = described(&answer);
        }
        if answer.is_ok_and(|answer| answer.status() == 404) {
            seen.not_found_after = Some(began.elapsed());
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    seen
}

fn described(answer: &Result<Response, Trouble>) -> String {
    match answer {
        Ok(answer) => format!("{}: {}", answer.head.describe(), answer.excerpt()),
        Err(error) => error.to_string(),
    }
}

fn judge(victim: &str, seen: &[Seen], replacement: Result<Option<String>, Trouble>) -> Outcome {
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for (seen, n) in seen.iter().zip(1..) {
        let what = format!("request {n} of a session of {victim}, which is gone");
        match seen.not_found_after {
            Some(after) => evidence.push(Evidence::new(
                what,
                "404",
                format!("404 after {} ms; first {}", after.as_millis(), seen.first),
            )),
            None => faults.push(Evidence::new(what, "404", seen.first.clone())),
        }
    }
    match replacement {
        Ok(instance) => evidence.push(Evidence::new(
            "a new initialize meanwhile",
            "a session",
            format!("a session on {}", instance.unwrap_or_else(|| "?".into())),
        )),
        Err(error) => faults.push(Evidence::new(
            "a new initialize meanwhile",
            "a session on a live instance",
            error.to_string(),
        )),
    }
    Outcome::of_faults(
        faults,
        "a client whose instance is gone is not told to begin anew",
        "requests of lost sessions got 404, and a new session was made at once",
    )
    .with(evidence)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::{Seen, judge};
    use crate::wire::Trouble;

    #[test]
    fn a_lost_session_is_not_found_and_a_new_one_made() {
        let seen = |after: Option<u64>| Seen {
            first: "x".into(),
            not_found_after: after.map(Duration::from_millis),
        };
        let live = || Ok(Some("b".to_owned()));
        assert_eq!(judge("a", &[seen(Some(3))], live()).verdict, Verdict::Pass);
        assert_eq!(
            judge("a", &[seen(Some(3)), seen(None)], live()).verdict,
            Verdict::Fail
        );
        let refused = Err(Trouble::unexpected("502"));
        assert_eq!(judge("a", &[seen(Some(3))], refused).verdict, Verdict::Fail);
    }
}
