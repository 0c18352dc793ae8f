//! `sse-buffered`: each event's way from the probe's socket to ours, against small calls made at the same time.

use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::judge::{Turn, late_twice};
use crate::lab::Lab;
use crate::measure::{INTERVAL, Latency, PacedStream, in_ms, paced};
use crate::outcome::{Checked, Outcome};

pub(super) const CHECK: Check = Check {
    id: "sse-buffered",
    needs: &[Need::Probe],
    stage: Stage::Calm,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    late_twice(&lab, look).await
}

async fn look(lab: Rc<Lab>, turn: Turn) -> Checked {
    let paced = paced(&lab, turn).await?;
    // Two events tell of the head; they are too few to tell of delay.
    let streams: Vec<PacedStream> = paced
        .streams
        .iter()
        .filter(|stream| !stream.is_held)
        .cloned()
        .collect();
    Ok(judge(&streams, &paced.latency))
}

/// A stream is late when more than a quarter of its bursts are later than the slowest of the small calls account for.
/// Single late events are the machine's; a buffer delays most of them.
fn judge(streams: &[PacedStream], latency: &Latency) -> Outcome {
    let (threshold, slowest) = (latency.threshold(INTERVAL), latency.at(100));
    let bursts = |stream: &PacedStream| {
        let delays = stream.delays.without_request(slowest);
        delays.bursts(INTERVAL / 2)
    };
    let line = |stream: &PacedStream| {
        let bursts = bursts(stream);
        let (events, times) = (stream.delays.events.len(), bursts.events.len());
        Evidence::new(
            format!(
                "delay of {events} events at {times} times: {}",
                stream.label
            ),
            format!("p75 under {}", in_ms(threshold)),
            format!(
                "p50 {}, p75 {}, p90 {}, max {}; {} arrived with the one before",
                in_ms(bursts.at(50)),
                in_ms(bursts.at(75)),
                in_ms(bursts.at(90)),
                in_ms(bursts.at(100)),
                bursts.bunched(INTERVAL / 2)
            ),
        )
    };
    let late: Vec<&PacedStream> = streams
        .iter()
        .filter(|stream| {
            bursts(stream).at(75) > threshold || stream.delays.events.len() < stream.expected
        })
        .collect();
    let baseline = Evidence::new("baseline", "the chain's own pace", latency.describe());
    if late.is_empty() {
        let all = streams.iter().map(line).chain([baseline]).collect();
        return Outcome::pass(format!(
            "events of {} streams arrived as they were sent",
            streams.len()
        ))
        .with(all);
    }
    let summary = format!(
        "events arrive late on {} of {} streams",
        late.len(),
        streams.len()
    );
    Outcome::fail(summary).with(late.into_iter().map(line).chain([baseline]).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::judge;
    use crate::measure::{Delays, EventDelay, Latency, PacedStream};

    fn stream(delays_ms: &[u64]) -> PacedStream {
        let events = delays_ms.iter().zip(0_u64..).map(|(delay, n)| EventDelay {
            emitted: Duration::from_millis(n * 150),
            arrived: Duration::from_millis(n * 150 + delay),
        });
        PacedStream {
            label: "test".into(),
            head_after: Duration::ZERO,
            delays: Delays {
                events: events.collect(),
            },
            expected: delays_ms.len(),
            is_held: false,
        }
    }

    #[test]
    fn the_verdict_follows_the_delays_and_the_machine() {
        let check = |delays: &[u64], calls_ms: u64, expected: Verdict| {
            let latency = Latency::new(vec![Duration::from_millis(calls_ms); 60]);
            assert_eq!(
                judge(&[stream(delays)], &latency).verdict,
                expected,
                "{delays:?} with calls of {calls_ms} ms"
            );
        };
        check(&[1; 20], 1, Verdict::Pass);
        check(&[200; 20], 1, Verdict::Fail);
        let held: Vec<u64> = (0..20).rev().map(|n| n * 150).collect();
        check(&held, 1, Verdict::Fail);
        check(&held, 40, Verdict::Fail);
        let mut hiccup = [1; 20];
        hiccup[7] = 80;
        check(&hiccup, 1, Verdict::Pass);
        let mut busy = [1; 20];
        busy[3..7].fill(80);
        check(&busy, 1, Verdict::Pass);
        check(&[40; 20], 30, Verdict::Pass);
    }
}
