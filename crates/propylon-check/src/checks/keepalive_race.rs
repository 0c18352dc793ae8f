//! `keepalive-race`: bursts of calls after pauses as long as the server keeps a connection, and the connections they came over.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::options::Profile;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "keepalive-race",
    needs: &[Need::Probe],
    stage: Stage::Quiet,
    run: |lab| Box::pin(run(lab)),
};

/// Calls of a burst.
const BURST: usize = 8;
/// When bursts come, against the moment at which the server closes, in milliseconds.
const OFFSETS_MS: &[i64] = &[-150, -60, 20, -100, 120, -30, 0, 200];
/// A connection the server will close within this must not be used any more.
const MARGIN: Duration = Duration::from_millis(250);
/// A connection that was idle since the burst before was idle for the pause, give or take this.
const SLACK: Duration = Duration::from_millis(200);

async fn run(lab: Rc<Lab>) -> Checked {
    let rounds = match lab.options.profile {
        Profile::Quick => 1,
        Profile::Standard => 13,
        Profile::Full => 50,
    };
    let voice = lab.voice().await?;
    let keep_alive = lab.facts.keep_alive;
    let mut calls = burst(&lab, &voice, Duration::ZERO).await;
    for offset in OFFSETS_MS.iter().cycle().take(rounds) {
        let shift = Duration::from_millis(offset.unsigned_abs());
        let pause = if *offset < 0 {
            keep_alive.saturating_sub(shift)
        } else {
            keep_alive + shift
        };
        tokio::time::sleep(pause).await;
        calls.extend(burst(&lab, &voice, pause).await);
    }
    Ok(judge(&calls, keep_alive))
}

/// A call after a pause.
#[derive(Debug)]
struct Called {
    pause: Duration,
    /// How long its upstream connection had been idle, `None` for a new one; or what went wrong.
    idle: Result<Option<Duration>, String>,
}

async fn burst(lab: &Rc<Lab>, voice: &Voice, pause: Duration) -> Vec<Called> {
    let mut running = Vec::new();
    for _ in 0..BURST {
        let (lab, voice) = (Rc::clone(lab), voice.clone());
        running.push(tokio::task::spawn_local(
            async move { call(&lab, &voice).await },
        ));
    }
    let mut calls = Vec::new();
    for call in running {
        let idle = call.await.unwrap_or_else(|error| Err(error.to_string()));
        calls.push(Called { pause, idle });
    }
    calls
}

async fn call(lab: &Lab, voice: &Voice) -> Result<Option<Duration>, String> {
    let request = voice.tool(lab, "echo_request", serde_json::json!({}));
    let response = match lab.settle(&request, lab.soon()).await {
        Ok(response) => response,
        // A lost race ends at once, in a reset or a 502; silence is a machine with too much to do.
        Err(Trouble::Silent { .. }) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let described = response.head.describe();
    let report = Report::read("echo_request", response).map_err(|_| described)?;
    // HTTP/2 says goodbye before it closes, and which requests it has not seen.
    if report.text("/request/version") == Some("2") {
        return Ok(None);
    }
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
        .filter_map(|call| call.idle.as_ref().err())
        .collect();
    let most = keep_alive.saturating_sub(MARGIN);
    let late: Vec<Duration> = calls.iter().filter_map(|call| late(call, most)).collect();
    let mut faults = Vec::new();
    if let Some(first) = failed.first() {
        let what = format!("calls of {total} that failed after a pause");
        faults.push(Evidence::new(
            what,
            "0",
            format!("{}; first: {first}", failed.len()),
        ));
    }
    if let Some(longest) = late.iter().max() {
        let what = format!(
            "calls of {total} over a connection that the server closes after {:.1} s",
            keep_alive.as_secs_f64()
        );
        let found = format!(
            "{} after more, the longest {:.2} s",
            late.len(),
            longest.as_secs_f64()
        );
        faults.push(Evidence::new(
            what,
            format!("idle for at most {:.2} s", most.as_secs_f64()),
            found,
        ));
    }
    Outcome::of_faults(
        faults,
        "requests go over connections the server is about to close",
        format!(
            "{total} calls after pauses around the server's limit came over connections it was not about to close"
        ),
    )
}

/// How long a connection had been idle since the burst before, if that was too long. Another idleness is another
/// check's doing: a large answer that its client was slow to take.
fn late(call: &Called, most: Duration) -> Option<Duration> {
    let idle = call.idle.as_ref().ok().copied().flatten()?;
    (idle > most && idle.abs_diff(call.pause) < SLACK).then_some(idle)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::{Called, judge};

    #[test]
    fn a_late_reuse_is_a_race_even_when_it_was_won() {
        let check = |idle: Result<Option<u64>, String>, expected: Verdict| {
            let idle = idle.map(|idle| idle.map(Duration::from_millis));
            let call = Called {
                pause: Duration::from_millis(4_900),
                idle,
            };
            assert_eq!(judge(&[call], Duration::from_secs(5)).verdict, expected);
        };
        check(Ok(None), Verdict::Pass);
        check(Ok(Some(900)), Verdict::Pass);
        check(Ok(Some(4_905)), Verdict::Fail);
        check(Err("HTTP 502".into()), Verdict::Fail);
    }
}
