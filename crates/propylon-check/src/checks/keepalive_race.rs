//! `keepalive-race`: calls after pauses as long as the server keeps a connection, and the connections they came over.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::options::Profile;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice};
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "keepalive-race",
    needs: &[Need::Probe],
    stage: Stage::Quiet,
    run: |lab| Box::pin(run(lab)),
};

/// Clients that burst and pause side by side.
const LANES: u64 = 8;
/// A connection the server will close within this must not be used any more.
const MARGIN: Duration = Duration::from_millis(250);

async fn run(lab: Rc<Lab>) -> Checked {
    let rounds = if lab.options.profile == Profile::Full {
        50
    } else {
        13
    };
    let voice = lab.voice().await?;
    let mut running = Vec::new();
    for lane in 0..LANES {
        let (lab, voice) = (Rc::clone(&lab), voice.clone());
        running.push(tokio::task::spawn_local(async move {
            pauses(&lab, &voice, lane, rounds).await
        }));
    }
    let mut calls = Vec::new();
    for lane in running {
        calls.extend(lane.await.unwrap_or_default());
    }
    Ok(judge(&calls, lab.facts.keep_alive))
}

/// A call after a pause: how long its upstream connection had been idle, or what went wrong.
type Called = Result<Option<Duration>, String>;

async fn pauses(lab: &Lab, voice: &Voice, lane: u64, rounds: u64) -> Vec<Called> {
    let mut calls = Vec::new();
    for round in 0..rounds {
        // From 0.1 s before the server's limit to 0.2 s after it, each lane and round elsewhere.
        let offset = Duration::from_millis((lane * 37 + round * 53) % 300);
        let pause = lab
            .facts
            .keep_alive
            .saturating_sub(Duration::from_millis(100))
            + offset;
        tokio::time::sleep(pause).await;
        calls.push(call(lab, voice).await);
    }
    calls
}

async fn call(lab: &Lab, voice: &Voice) -> Called {
    let request = voice.tool(lab, "echo_request", serde_json::json!({}));
    let answer: Result<Response, Trouble> = lab.settle(&request, lab.soon()).await;
    let response = answer.map_err(|error| error.to_string())?;
    let described = response.head.describe();
    let report = Report::read("echo_request", response).map_err(|_| described)?;
    let is_first = report.number("/connection/request") == Some(1);
    let idle = report
        .number("/connection/idle_ns")
        .map(Duration::from_nanos);
    Ok(idle.filter(|_| !is_first))
}

/// A failure shows the race; a connection used when the server was about to close it shows that there is one.
fn judge(calls: &[Called], keep_alive: Duration) -> Outcome {
    let total = calls.len();
    let failed: Vec<&String> = calls
        .iter()
        .filter_map(|call| call.as_ref().err())
        .collect();
    let longest = calls
        .iter()
        .filter_map(|call| call.as_ref().ok().copied().flatten())
        .max();
    let most = keep_alive.saturating_sub(MARGIN);
    let mut faults = Vec::new();
    if let Some(first) = failed.first() {
        faults.push(Evidence::new(
            format!("calls of {total} that failed after a pause"),
            "0",
            format!("{}; first: {first}", failed.len()),
        ));
    }
    let idle = longest.map_or_else(
        || "never used again".into(),
        |longest| format!("{:.2} s", longest.as_secs_f64()),
    );
    let line = Evidence::new(
        format!(
            "longest idle of an upstream connection that was used again; the server closes at {:.1} s",
            keep_alive.as_secs_f64()
        ),
        format!("under {:.2} s", most.as_secs_f64()),
        idle,
    );
    if longest.is_some_and(|longest| longest > most) {
        faults.push(line);
        return Outcome::fail("requests go over connections the server is about to close")
            .with(faults);
    }
    Outcome::of_faults(
        faults,
        "calls fail after a pause",
        format!("{total} calls after pauses around the server's limit were answered"),
    )
    .with(vec![line])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::{Called, judge};

    #[test]
    fn a_late_reuse_is_a_race_even_when_it_was_won() {
        let check = |calls: &[Called], expected: Verdict| {
            assert_eq!(
                judge(calls, Duration::from_secs(5)).verdict,
                expected,
                "{calls:?}"
            );
        };
        check(
            &[Ok(None), Ok(Some(Duration::from_millis(900)))],
            Verdict::Pass,
        );
        check(&[Ok(Some(Duration::from_millis(4_950)))], Verdict::Fail);
        check(&[Ok(None), Err("HTTP 502".into())], Verdict::Fail);
    }
}
