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
    let lasts = lab.options.profile.quiet();
    Ok(judge(&quiet(&lab, lasts).await?.streams))
}

/// The server's comments must cross; whether the chain adds its own where the server sends none is told, not judged,
/// since a server is free to send them. A stream that was cut early shows no long silence: idle-timeout-short speaks
/// of it.
fn judge(streams: &[QuietStream]) -> Outcome {
    let line = |stream: &QuietStream| {
        let whose = if stream.has_comments {
            "on which the server sends a comment each 15 s"
        } else {
            "on which the server sends nothing"
        };
        let found = format!(
            "{:.1} s, with {} comments",
            stream.silence.as_secs_f64(),
            stream.comments.len()
        );
        Evidence::new(
            format!("longest silence of the {}, {whose}", stream.label),
            format!("under {} s", SILENCE_MAX.as_secs()),
            found,
        )
    };
    if streams.is_empty() {
        return Outcome::not_seen("no stream was opened", "a chain that carries event streams");
    }
    let is_fault = |stream: &&QuietStream| stream.has_comments && stream.silence > SILENCE_MAX;
    let (silent, lively): (Vec<_>, Vec<_>) = streams.iter().partition(is_fault);
    let added = streams
        .iter()
        .any(|stream| !stream.has_comments && !stream.comments.is_empty());
    let good = if added {
        "the server's comments cross, and the chain adds its own where there are none"
    } else {
        "the server's comments cross; the chain adds none, so the server must send them"
    };
    Outcome::of_faults(
        silent.into_iter().map(line).collect(),
        "a quiet stream is silent for longer than many hops bear, though the server sends comments",
        good,
    )
    .with(lively.into_iter().map(line).collect())
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
                has_comments: true,
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
