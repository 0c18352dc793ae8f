//! `disconnect-not-propagated`: how long after the client closes its stream the server sees it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::judge::{Turn, late_twice};
use crate::lab::Lab;
use crate::measure::in_ms;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "disconnect-not-propagated",
    needs: &[Need::Probe, Need::Modern],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// A close is prompt within this, over what the request itself took.
const PROMPT: Duration = Duration::from_secs(1);
/// How long the probe is asked to wait for the close.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often the probe is asked, since only the process that had the call knows of it.
const ASKED_MAX: usize = 12;

async fn run(lab: Rc<Lab>) -> Checked {
    late_twice(&lab, look).await
}

async fn look(lab: Rc<Lab>, _: Turn) -> Checked {
    let quiet = closed(
        &lab,
        "quiet stream",
        "sleep",
        json!({"seconds": 20, "as": "sse"}),
    )
    .await?;
    let busy = closed(
        &lab,
        "busy stream",
        "stream",
        json!({"events": 200, "interval_ms": 100}),
    )
    .await?;
    Ok(judge(&[quiet, busy]))
}

/// A stream that was closed, and when the probe saw it.
struct Closed {
    what: &'static str,
    /// From sending the request to the close, on our clock.
    closed: Duration,
    /// From the call's beginning to the close, on the probe's.
    seen: Option<Duration>,
    /// From sending the request to the head: the most by which the clocks can differ.
    slack: Duration,
}

async fn closed(
    lab: &Lab,
    what: &'static str,
    tool: &str,
    mut arguments: Value,
) -> Result<Closed, Trouble> {
    let key = lab.word("closed");
    if let Some(members) = arguments.as_object_mut() {
        members.insert("key".into(), json!(key));
    }
    let stream = lab
        .stream(&Voice::Modern.streaming_tool(lab, tool, arguments))
        .await?;
    let (sent, slack) = (
        stream.sent,
        stream.head.at.saturating_duration_since(stream.sent),
    );
    tokio::time::sleep(Duration::from_millis(350)).await;
    let closed = Instant::now().saturating_duration_since(sent);
    drop(stream);
    let mut seen = None;
    for _ in 0..ASKED_MAX {
        let wait_ms = u64::try_from(PATIENCE.as_millis()).unwrap_or(4_000);
        let request =
            Voice::Modern.tool(lab, "disconnects", json!({"key": key, "wait_ms": wait_ms}));
        let report = lab
            .report_within("disconnects", &request, lab.soon() + PATIENCE)
            .await?;
        if report.at("/exchanges/0").is_some() {
            seen = report
                .number("/exchanges/0/disconnect/after_ns")
                .map(Duration::from_nanos);
            break;
        }
    }
    Ok(Closed {
        what,
        closed,
        seen,
        slack,
    })
}

fn judge(streams: &[Closed]) -> Outcome {
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for stream in streams {
        let what = format!(
            "from the client's close of a {} to the server's notice",
            stream.what
        );
        let expected = format!("under {}", in_ms(PROMPT + stream.slack));
        match stream.seen {
            Some(seen) => {
                let late = seen.saturating_sub(stream.closed);
                let line = Evidence::new(what, expected, in_ms(late));
                if late > PROMPT + stream.slack {
                    faults.push(line);
                } else {
                    evidence.push(line);
                }
            }
            None => faults.push(Evidence::new(
                what,
                expected,
                format!("not within {PATIENCE:?}"),
            )),
        }
    }
    Outcome::of_faults(
        faults,
        "closing a stream does not reach the server, so nothing is cancelled",
        "the server saw each close at once",
    )
    .with(evidence)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::{Closed, judge};

    #[test]
    fn a_close_must_arrive_promptly() {
        let check = |seen: Option<u64>, expected: Verdict| {
            let stream = Closed {
                what: "quiet stream",
                closed: Duration::from_millis(350),
                seen: seen.map(Duration::from_millis),
                slack: Duration::from_millis(5),
            };
            assert_eq!(judge(&[stream]).verdict, expected, "{seen:?}");
        };
        check(Some(351), Verdict::Pass);
        check(Some(340), Verdict::Pass);
        check(Some(3_000), Verdict::Fail);
        check(None, Verdict::Fail);
    }
}
