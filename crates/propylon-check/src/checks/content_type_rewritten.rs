//! `content-type-rewritten`: `Content-Type` both ways, parameters included.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::judge::crossed_exactly;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "content-type-rewritten",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        faults.extend(requests(&lab, &voice).await?);
        faults.extend(responses(&lab, &voice).await?);
        if let Voice::Legacy(session) = &voice {
            let accepted = session.ready(&lab).await?;
            faults.extend(judge_accepted(&accepted));
        }
    }
    Ok(Outcome::of_faults(
        faults,
        "`Content-Type` changes on its way",
        "`Content-Type` crossed unchanged both ways",
    ))
}

async fn requests(lab: &Lab, voice: &Voice) -> Result<Vec<Evidence>, Trouble> {
    let mut faults = Vec::new();
    for sent in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
    ] {
        let report = lab
            .echo(voice, |request| request.setting("Content-Type", sent))
            .await?;
        let what = format!("Content-Type of a request ({})", voice.era());
        faults.extend(crossed_exactly(&what, sent, &report.header("content-type")));
    }
    Ok(faults)
}

async fn responses(lab: &Lab, voice: &Voice) -> Result<Vec<Evidence>, Trouble> {
    let mut faults = Vec::new();
    for sent in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json; profile=\"a b\"",
    ] {
        let arguments = json!({"status": 200, "body": "result", "content_type": sent});
        let request = voice.tool(lab, "respond", arguments);
        let response = lab.settle(&request, lab.soon()).await?;
        let what = format!("Content-Type of an answer ({})", voice.era());
        faults.extend(crossed_exactly(
            &what,
            sent,
            &response.head.all("content-type").collect::<Vec<_>>(),
        ));
    }
    let request = voice.streaming_tool(lab, "stream", json!({"events": 1}));
    let stream = lab.stream(&request).await?;
    let what = format!("Content-Type of an event stream ({})", voice.era());
    let arrived: Vec<String> = stream.head.all("content-type").collect();
    faults.extend(crossed_exactly(&what, "text/event-stream", &arrived));
    Ok(faults)
}

/// A 202 that gained a type is at fault only if it gained a body too.
fn judge_accepted(response: &Response) -> Option<Evidence> {
    let gained = response.status() == 202 && !response.body.is_empty();
    gained.then(|| Evidence::new("body of a 202", "none", response.excerpt()))
}
