//! `disconnect-cancels-legacy`: a dropped stream, the call behind it, and its way back.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Session, Voice};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "disconnect-cancels-legacy",
    needs: &[Need::Probe, Need::Legacy],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const EVENTS: u64 = 8;
/// After which event the stream is dropped.
const DROPPED: u64 = 3;

async fn run(lab: Rc<Lab>) -> Checked {
    // One of its own: some relays end the session of a dropped stream.
    let session = lab.working_session().await?;
    let voice = Voice::Legacy(session.clone());
    let key = lab.word("dropped");
    let arguments = json!({"events": EVENTS, "interval_ms": 250, "key": key});
    let mut stream = lab
        .stream(&voice.streaming_tool(&lab, "stream", arguments))
        .await?;
    let mut last = 0;
    while last < DROPPED {
        match stream.emission(lab.soon()).await? {
            Some((emission, _)) => last = emission.n,
            None => {
                return Err(Trouble::unexpected(
                    "the stream ended before it was dropped",
                ));
            }
        }
    }
    let Some(id) = stream.last_id.clone() else {
        return Ok(Outcome::not_applicable(
            "the server's events have no ids, so it offers no resumption",
        ));
    };
    drop(stream);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let resumption = session.get(&lab).with("Last-Event-ID", &id);
    let mut resumed =
        match lab.stream(&resumption).await {
            Ok(resumed) => resumed,
            // Whether it reaches its instance is session-resumed-elsewhere's matter.
            Err(Trouble::Unexpected(text)) if !text.contains("Session not found") => {
                return Ok(Outcome::fail(
                    "a dropped stream of a legacy call cannot be taken up again",
                )
                .saw("the resumption", "the events that were missed", text));
            }
            Err(error) => return gone(&lab, &session, error).await,
        };
    let mut missed = Vec::new();
    let mut result = None;
    while let Some((message, _)) = resumed.event(Duration::from_secs(5)).await? {
        if let Some(emission) = crate::talk::emission(&message) {
            missed.push(emission.n);
        }
        if message.get("result").is_some() {
            result = Some(message);
            break;
        }
    }
    let report = lab.call(&voice, "disconnects", json!({"key": key})).await?;
    let outcome = report
        .text("/exchanges/0/outcome")
        .unwrap_or("unknown")
        .to_owned();
    Ok(judge(&missed, result.as_ref(), &outcome))
}

/// A resumption that is answered `Session not found` went elsewhere, which is another check's matter, unless the session
/// itself is gone.
async fn gone(lab: &Lab, session: &Session, error: Trouble) -> Checked {
    let ping = session.request(
        lab,
        &json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"}),
    );
    let answer = lab.settle(&ping, lab.soon()).await?;
    if answer.status() != 404 {
        return Err(error);
    }
    Ok(
        Outcome::fail("a dropped stream of a legacy call ends its session").saw(
            "a ping in the session whose stream was dropped",
            "its answer",
            format!("{}: {}", answer.head.describe(), answer.excerpt()),
        ),
    )
}

fn judge(missed: &[u64], result: Option<&Value>, ended: &str) -> Outcome {
    let expected: Vec<u64> = (DROPPED + 1..=EVENTS).collect();
    let whole = missed == expected && result.is_some();
    let outcome = if whole && ended != "cancelled" {
        Outcome::pass("the call went on without its client, and was resumed")
    } else {
        Outcome::fail("a dropped stream of a legacy call cannot be taken up again")
    };
    let got = if result.is_some() {
        "and the result"
    } else {
        "and no result"
    };
    outcome
        .saw(
            "events after the resumption",
            format!("{expected:?} and the result"),
            format!("{missed:?} {got}"),
        )
        .saw(
            "what became of the call, by the probe",
            "continued or completed",
            ended,
        )
}

#[cfg(test)]
mod tests {
    use propylon_practices::Verdict;
    use serde_json::json;

    use super::judge;

    #[test]
    fn the_missing_events_and_the_result_must_come() {
        let result = json!({"result": {}});
        assert_eq!(
            judge(&[4, 5, 6, 7, 8], Some(&result), "continued").verdict,
            Verdict::Pass
        );
        assert_eq!(
            judge(&[5, 6, 7, 8], Some(&result), "continued").verdict,
            Verdict::Fail
        );
        assert_eq!(
            judge(&[4, 5, 6, 7, 8], None, "continued").verdict,
            Verdict::Fail
        );
        assert_eq!(
            judge(&[4, 5, 6, 7, 8], Some(&result), "cancelled").verdict,
            Verdict::Fail
        );
    }
}
