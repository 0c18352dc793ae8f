//! `slow-reader-starves-others`: one client that stops reading, and how the others fare.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::judge::{Turn, late_twice};
use crate::lab::Lab;
use crate::measure::{Delays, Latency, Pinger, in_ms};
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "slow-reader-starves-others",
    needs: &[Need::Probe],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

const OTHERS: usize = 9;
const MIB: u64 = 1 << 20;
/// What the stalled client was to be sent.
const OFFERED: u64 = 60 * MIB;
/// Sockets on the way may hold tens of megabytes; three quarters of the whole is somebody's memory.
const STORED_MAX: u64 = OFFERED / 4 * 3;

/// How far apart the others' events leave.
const APART: Duration = Duration::from_millis(100);
/// How many each of them gets: for three seconds, so that a hiccup is a small part.
const EVENTS: usize = 30;

async fn run(lab: Rc<Lab>) -> Checked {
    late_twice(&lab, look).await
}

async fn look(lab: Rc<Lab>, turn: Turn) -> Checked {
    let voice = lab.voice().await?;
    let key = lab.word("stalled");
    let arguments =
        json!({"events": 60, "interval_ms": 0, "size": 1_000_000, "key": key, "prime": false});
    let stalled = lab
        .stream(&voice.streaming_tool(&lab, "stream", arguments))
        .await?;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let pinger = Pinger::start(&lab, voice.clone());
    let mut running = Vec::new();
    for _ in 0..OTHERS {
        let (lab, voice) = (Rc::clone(&lab), voice.clone());
        running.push(tokio::task::spawn_local(async move {
            paced(&lab, &voice).await
        }));
    }
    let mut streams = Vec::new();
    let mut lost = None;
    for other in running {
        match other.await {
            Ok(Ok(own)) => streams.push(own),
            Ok(Err(error)) => lost = Some(error.to_string()),
            Err(error) => lost = Some(error.to_string()),
        }
    }
    let latency = pinger.finish().await?;
    let slowest = latency.at(100);
    let events = streams
        .iter()
        .flat_map(|own: &Delays| own.without_request(slowest).events);
    let delays = Delays {
        events: events.collect(),
    };
    drop(stalled);
    let taken = taken(&lab, &voice, &key).await?;
    let usual = crate::measure::paced(&lab, turn).await?.pace();
    Ok(judge(&delays, &latency, usual, lost, taken))
}

async fn paced(lab: &Lab, voice: &Voice) -> Result<Delays, Trouble> {
    let request =
        voice.streaming_tool(lab, "stream", json!({"events": EVENTS, "interval_ms": 100}));
    let mut stream = lab.stream(&request).await?;
    let (emissions, last) = stream.drain(lab.soon()).await?;
    let received = last
        .as_ref()
        .and_then(|message| message.pointer("/result/structuredContent/received/at_ns"))
        .and_then(Value::as_u64);
    let received = received.ok_or_else(|| {
        Trouble::unexpected("a stream beside the stalled one ended without its result")
    })?;
    Ok(Delays::new(stream.sent, received, &emissions))
}

/// How many bytes the probe could send to the client that did not read.
async fn taken(lab: &Lab, voice: &Voice, key: &str) -> Result<Option<u64>, Trouble> {
    for _ in 0..12 {
        let request = voice.tool(lab, "disconnects", json!({"key": key, "wait_ms": 2_000}));
        let report = lab
            .report_within("disconnects", &request, lab.soon() + Duration::from_secs(2))
            .await?;
        if let Some(sent) = report.number("/exchanges/0/disconnect/bytes_sent") {
            return Ok(Some(sent));
        }
        if report.text("/exchanges/0/outcome") == Some("completed") {
            return Ok(Some(OFFERED));
        }
        if report.at("/exchanges/0").is_some() {
            return Ok(None);
        }
    }
    Ok(None)
}

/// `usual` is how late the chain's events are with nobody stalled: what it adds to every stream is no starvation.
fn judge(
    delays: &Delays,
    latency: &Latency,
    usual: Duration,
    lost: Option<String>,
    taken: Option<u64>,
) -> Outcome {
    let threshold = latency.threshold(APART) + usual * 2;
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    let found = format!(
        "p75 {}, p99 {}; {}",
        in_ms(delays.at(75)),
        in_ms(delays.at(99)),
        latency.describe()
    );
    let line = Evidence::new(
        format!(
            "delay of {} events of {OTHERS} other clients",
            delays.events.len()
        ),
        format!("p75 under {}", in_ms(threshold)),
        found,
    );
    if delays.at(75) > threshold {
        faults.push(line);
    } else {
        evidence.push(line);
    }
    faults.extend(lost.map(|error| Evidence::new("a stream of another client", "whole", error)));
    if let Some(taken) = taken {
        let line = Evidence::new(
            "bytes taken off the server for the client that did not read",
            format!("under {} MiB of {}", STORED_MAX / MIB, OFFERED / MIB),
            format!("{:.1} MiB", (taken / 1024) as f64 / 1024.0),
        );
        if taken > STORED_MAX {
            faults.push(line);
        } else {
            evidence.push(line);
        }
    }
    Outcome::of_faults(
        faults,
        "a client that stops reading costs others time, or somebody memory",
        "a client that stopped reading held nobody up",
    )
    .with(evidence)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::{MIB, judge};
    use crate::measure::{Delays, EventDelay, Latency};

    #[test]
    fn delay_and_hoarding_are_both_faults() {
        let check = |delay_ms: u64, taken: u64, expected: Verdict| {
            let event = EventDelay {
                emitted: Duration::ZERO,
                arrived: Duration::from_millis(delay_ms),
            };
            let latency = Latency::new(vec![Duration::from_millis(2); 40]);
            let outcome = judge(
                &Delays {
                    events: vec![event; 50],
                },
                &latency,
                Duration::from_millis(2),
                None,
                Some(taken),
            );
            assert_eq!(outcome.verdict, expected);
        };
        check(1, 5 * MIB, Verdict::Pass);
        check(500, 5 * MIB, Verdict::Fail);
        check(1, 60 * MIB, Verdict::Fail);
    }
}
