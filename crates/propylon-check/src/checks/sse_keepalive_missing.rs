//! `sse-keepalive-missing`: the longest silence on a quiet stream.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::measure::{QuietStream, quiet};
use crate::outcome::{Checked, Outcome};

pub(super) const CHECK: Check = Check {
    id: "sse-keepalive-missing",
    needs: &[Need::Probe],
    stage: Stage::Quiet,
    run: |lab| Box::pin(run(lab)),
};

/// Many hops cut what is silent for a minute.
const SILENCE_MAX: Duration = Duration::from_secs(60);

async fn run(lab: Rc<Lab>) -> Checked {
    let lasts = lab.options.profile.quiet().unwrap_or_default();
    Ok(judge(&quiet(&lab, lasts).await?.streams))
}

/// A stream that was cut earlier than the limit shows no silence that long: idle-timeout-short speaks of it.
fn judge(streams: &[QuietStream]) -> Outcome {
    if streams.is_empty() {
        return Outcome::not_seen("no stream was opened", "a chain that carries event streams");
    }
    let line = |stream: &QuietStream| {
        let found = format!(
            "{:.1} s, with {} comments",
            stream.silence.as_secs_f64(),
            stream.comments.len()
        );
        Evidence::new(
            format!("longest silence of the {}", stream.label),
            format!("under {} s", SILENCE_MAX.as_secs()),
            found,
        )
    };
    let (silent, lively): (Vec<_>, Vec<_>) = streams
        .iter()
        .partition(|stream| stream.silence > SILENCE_MAX);
    let (faults, evidence): (Vec<_>, Vec<_>) = (
        silent.into_iter().map(line).collect(),
        lively.into_iter().map(line).collect(),
    );
    Outcome::of_faults(
        faults,
        "a quiet stream is silent for longer than many hops bear",
        "quiet streams are kept alive",
    )
    .with(evidence)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::judge;
    use crate::measure::QuietStream;

    #[test]
    fn a_minute_of_silence_is_too_long() {
        let check = |silence: u64, expected: Verdict| {
            let stream = QuietStream {
                label: "x",
                comments: Vec::new(),
                event: None,
                ended: None,
                silence: Duration::from_secs(silence),
            };
            assert_eq!(judge(&[stream]).verdict, expected);
        };
        check(15, Verdict::Pass);
        check(75, Verdict::Fail);
    }
}
