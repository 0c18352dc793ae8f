//! `accept-rewritten`: the forms of `Accept` a client may send, as they arrive.

use std::rc::Rc;

use super::{Check, Need, Stage};
use crate::judge::crossed;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};

pub(super) const CHECK: Check = Check {
    id: "accept-rewritten",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const FORMS: &[(&str, &[&str])] = &[
    ("plain", &["application/json, text/event-stream"]),
    (
        "with weights",
        &["application/json;q=0.9, text/event-stream;q=0.8"],
    ),
    (
        "in the other order",
        &["text/event-stream, application/json"],
    ),
    ("on two lines", &["application/json", "text/event-stream"]),
];

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        for (form, lines) in FORMS {
            let report = lab
                .echo(&voice, |request| {
                    let request = request.without("Accept");
                    lines
                        .iter()
                        .fold(request, |request, line| request.with("Accept", line))
                })
                .await?;
            let what = format!("Accept, {form} ({})", voice.era());
            faults.extend(crossed(&what, lines, &report.header("accept")));
        }
    }
    Ok(Outcome::of_faults(
        faults,
        "`Accept` does not reach the server as it was sent",
        "every form of `Accept` arrived as it was sent",
    ))
}
