//! `sse-head-withheld`: when the head of a stream arrives whose first event is long in coming.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::judge::{Turn, late_twice};
use crate::lab::Lab;
use crate::measure::{INTERVAL, in_ms, paced};
use crate::outcome::{Checked, Outcome};

pub(super) const CHECK: Check = Check {
    id: "sse-head-withheld",
    needs: &[Need::Probe],
    stage: Stage::Calm,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    late_twice(&lab, look).await
}

async fn look(lab: Rc<Lab>, turn: Turn) -> Checked {
    let paced = paced(&lab, turn).await?;
    let heads: Vec<(String, Duration)> = paced
        .streams
        .iter()
        .filter(|stream| stream.is_held)
        .map(|stream| (stream.label.clone(), stream.head_after))
        .collect();
    if heads.is_empty() {
        return Ok(Outcome::not_seen(
            "no stream with a late first event was opened",
            "a chain that carries event streams",
        ));
    }
    Ok(judge(&heads, paced.held, paced.latency.threshold(INTERVAL)))
}

/// A head that waits for its event comes after it; a head that does not comes as small calls do. Half of the time the
/// event was held is far from both.
fn judge(heads: &[(String, Duration)], held: Duration, threshold: Duration) -> Outcome {
    let most = threshold.max(held / 2).min(held * 4 / 5);
    let lines = |late: bool| {
        heads
            .iter()
            .filter(move |(_, after)| (*after > most) == late)
            .map(move |(label, after)| {
                Evidence::new(
                    format!("head of a stream: {label}"),
                    format!("under {}", in_ms(most)),
                    format!(
                        "after {}; the event left after {}",
                        in_ms(*after),
                        in_ms(held)
                    ),
                )
            })
            .collect::<Vec<_>>()
    };
    let late = lines(true);
    if late.is_empty() {
        return Outcome::pass("heads arrive before the first event").with(lines(false));
    }
    Outcome::fail("the head of a stream waits for its first event").with(late)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::judge;

    #[test]
    fn a_head_that_waits_for_its_event_is_withheld() {
        let check = |after_ms: u64, expected: Verdict| {
            let heads = [("x".to_owned(), Duration::from_millis(after_ms))];
            let outcome = judge(
                &heads,
                Duration::from_millis(2_500),
                Duration::from_millis(10),
            );
            assert_eq!(outcome.verdict, expected, "{after_ms}");
        };
        check(3, Verdict::Pass);
        check(900, Verdict::Pass);
        check(2_501, Verdict::Fail);
    }
}
