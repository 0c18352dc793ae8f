//! `idle-timeout-short`: streams on which nothing is sent for the profile's time, and the event after it.

use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::measure::{Quiet, quiet};
use crate::outcome::{Checked, Outcome};

pub(super) const CHECK: Check = Check {
    id: "idle-timeout-short",
    needs: &[Need::Probe],
    stage: Stage::Quiet,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let lasts = lab.options.profile.quiet();
    Ok(judge(quiet(&lab, lasts).await?))
}

fn judge(quiet: &Quiet) -> Outcome {
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    let seconds = quiet.lasted.as_secs();
    for stream in quiet.streams.iter().filter(|stream| !stream.has_comments) {
        let what = format!("{} left quiet for {seconds} s", stream.label);
        let comments = match stream.comments.len() {
            0 => "no keep-alive comment crossed".to_owned(),
            count => {
                format!("{count} keep-alive comments crossed, so no limit was put to the test")
            }
        };
        match (stream.event, &stream.ended) {
            (Some(at), _) => evidence.push(Evidence::new(
                what,
                "its event",
                format!("its event after {:.1} s; {comments}", at.as_secs_f64()),
            )),
            (None, Some((at, how))) => faults.push(Evidence::new(
                what,
                "its event",
                format!("{how} after {:.1} s; {comments}", at.as_secs_f64()),
            )),
            (None, None) => faults.push(Evidence::new(
                what,
                "its event",
                format!("nothing, though the stream seems open; {comments}"),
            )),
        }
    }
    let is_unseen = faults.is_empty() && evidence.is_empty();
    // Why a stream does not open is another check's matter.
    evidence.extend(
        quiet
            .troubles
            .iter()
            .map(|trouble| Evidence::new("a stream to be left quiet", "it opens", trouble.clone())),
    );
    if is_unseen {
        return Outcome::not_seen("no stream was opened", "a chain that carries event streams")
            .with(evidence);
    }
    Outcome::of_faults(
        faults,
        "quiet streams are cut",
        format!("streams lived through {seconds} quiet seconds"),
    )
    .with(evidence)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use propylon_practices::Verdict;

    use super::judge;
    use crate::measure::{Quiet, QuietStream};

    #[test]
    fn a_stream_that_does_not_open_was_not_cut() {
        let quiet = Quiet {
            lasted: Duration::from_secs(75),
            streams: Vec::new(),
            troubles: vec!["HTTP 404: Session not found".into()],
        };
        assert_eq!(judge(&quiet).verdict, Verdict::NotSeen);
    }

    #[test]
    fn a_stream_without_its_event_was_cut() {
        let check = |event: Option<u64>, ended: Option<u64>, expected: Verdict| {
            let stream = QuietStream {
                label: "GET stream",
                has_comments: false,
                comments: Vec::new(),
                event: event.map(Duration::from_secs),
                ended: ended
                    .map(|at| (Duration::from_secs(at), "closed before its end".to_owned())),
                silence: Duration::ZERO,
            };
            let quiet = Quiet {
                lasted: Duration::from_secs(75),
                streams: vec![stream],
                troubles: Vec::new(),
            };
            assert_eq!(judge(&quiet).verdict, expected);
        };
        check(Some(75), None, Verdict::Pass);
        check(None, Some(60), Verdict::Fail);
        check(None, None, Verdict::Fail);
    }
}
