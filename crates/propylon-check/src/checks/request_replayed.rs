//! `request-replayed`: how often a call ran whose answer failed in every way an answer can.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "request-replayed",
    needs: &[Need::Probe, Need::Token],
    stage: Stage::Breaking,
    run: |lab| Box::pin(run(lab)),
};

/// Side by side, since a proxy may take a second to break an answer off.
async fn run(lab: Rc<Lab>) -> Checked {
    let mut running = Vec::new();
    for voice in lab.voices().await? {
        for (what, tool, arguments) in failures() {
            let (lab, voice) = (Rc::clone(&lab), voice.clone());
            let what = format!("{what} ({})", voice.era());
            running.push(tokio::task::spawn_local(async move {
                let count = runs(&lab, &voice, tool, arguments).await?;
                Ok::<_, Trouble>((what, count))
            }));
        }
    }
    let (mut faults, tried) = (Vec::new(), running.len());
    for call in running {
        let call = call.await;
        let (what, count) = call.map_err(|error| Trouble::unexpected(error.to_string()))??;
        if count > 1 {
            faults.push(Evidence::new(
                format!("executions of a call whose connection or answer failed: {what}"),
                "1",
                count.to_string(),
            ));
        }
    }
    Ok(Outcome::of_faults(
        faults,
        "a call that may have run is sent again",
        format!("none of {tried} failing calls ran twice"),
    ))
}

fn failures() -> Vec<(String, &'static str, Value)> {
    let mut failures = Vec::new();
    for when in [
        "before-head",
        "after-head",
        "mid-event",
        "mid-body",
        "after-events",
    ] {
        for how in ["fin", "rst"] {
            let arguments = json!({"when": when, "how": how, "events": 1, "interval_ms": 10});
            failures.push((format!("cut {when}, {how}"), "cut", arguments));
        }
    }
    for status in [500, 502, 503, 504] {
        failures.push((
            format!("HTTP {status}"),
            "respond",
            json!({"status": status}),
        ));
    }
    failures
}

async fn runs(lab: &Lab, voice: &Voice, tool: &str, mut arguments: Value) -> Result<u64, Trouble> {
    let key = lab.word("once");
    if let Some(members) = arguments.as_object_mut() {
        members.insert("key".into(), json!(key));
    }
    let request = voice.streaming_tool(lab, tool, lab.with_token(arguments));
    // The client's own view does not matter, and a retry of ours would be counted.
    let _ = lab.ask(&request).await;
    // A replay may have moved the session, and the count is of all instances: ask without one where that is possible.
    let asking = if lab.facts.modern {
        &Voice::Modern
    } else {
        voice
    };
    crate::measure::executions(lab, asking, &key).await
}
