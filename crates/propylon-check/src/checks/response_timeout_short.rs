//! `response-timeout-short`: calls that say nothing for the profile's time, and then answer.

use std::rc::Rc;
use std::time::{Duration, Instant};

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;

pub(super) const CHECK: Check = Check {
    id: "response-timeout-short",
    needs: &[Need::Probe],
    stage: Stage::Quiet,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let lasts = lab.options.profile.quiet();
    let mut running = Vec::new();
    for voice in lab.voices().await? {
        for form in ["json", "sse"] {
            let (lab, voice) = (Rc::clone(&lab), voice.clone());
            running.push(tokio::task::spawn_local(async move {
                slow(&lab, &voice, form, lasts).await
            }));
        }
    }
    let mut calls = Vec::new();
    for call in running {
        calls.extend(call.await);
    }
    Ok(judge(&calls, lasts))
}

/// A slow call: what was asked, how long it took, and what came if it was not its answer.
struct Slow {
    what: String,
    took: Duration,
    instead: Option<String>,
}

async fn slow(lab: &Lab, voice: &Voice, form: &str, lasts: Duration) -> Slow {
    let began = Instant::now();
    let request = voice.tool(
        lab,
        "sleep",
        json!({"seconds": lasts.as_secs(), "as": form}),
    );
    let report = lab
        .report_within("sleep", &request, lasts + lab.soon())
        .await;
    Slow {
        what: format!(
            "a call that is silent for {} s, then answers as {form} ({})",
            lasts.as_secs(),
            voice.era()
        ),
        took: began.elapsed(),
        instead: report.err().map(|error| error.to_string()),
    }
}

fn judge(calls: &[Slow], lasts: Duration) -> Outcome {
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for call in calls {
        let seconds = format!("{:.1} s", call.took.as_secs_f64());
        match &call.instead {
            None => evidence.push(Evidence::new(
                &call.what,
                "its answer",
                format!("its answer after {seconds}"),
            )),
            Some(instead) => faults.push(Evidence::new(
                &call.what,
                "its answer",
                format!("after {seconds}: {instead}"),
            )),
        }
    }
    Outcome::of_faults(
        faults,
        "a slow call is given up",
        format!("calls of {} silent seconds were answered", lasts.as_secs()),
    )
    .with(evidence)
}
