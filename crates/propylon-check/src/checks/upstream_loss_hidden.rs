//! `upstream-loss-hidden`: connections of the server's cut in mid-answer, and how the client's ended.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Ending, Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "upstream-loss-hidden",
    needs: &[Need::Probe, Need::Token],
    stage: Stage::Breaking,
    run: |lab| Box::pin(run(lab)),
};

/// Side by side, since a proxy may take a second to break one off.
async fn run(lab: Rc<Lab>) -> Checked {
    let mut running = Vec::new();
    for voice in lab.voices().await? {
        for when in ["after-head", "mid-event", "after-events", "mid-body"] {
            for how in ["fin", "rst"] {
                let (lab, voice) = (Rc::clone(&lab), voice.clone());
                running.push(tokio::task::spawn_local(async move {
                    one(&lab, &voice, when, how).await
                }));
            }
        }
    }
    let (mut faults, tried) = (Vec::new(), running.len());
    for cut in running {
        let cut = cut.await;
        faults.extend(cut.map_err(|error| Trouble::unexpected(error.to_string()))??);
    }
    Ok(Outcome::of_faults(
        faults,
        "an answer that was cut looks complete",
        format!("{tried} answers that were cut ended visibly broken"),
    ))
}

async fn one(lab: &Lab, voice: &Voice, when: &str, how: &str) -> Result<Option<Evidence>, Trouble> {
    let arguments =
        lab.with_token(json!({"when": when, "how": how, "events": 3, "interval_ms": 20}));
    let request = voice.streaming_tool(lab, "cut", arguments);
    let response = match lab.settle(&request, lab.soon()).await {
        Ok(response) => response,
        // Nothing of the answer came, which is as visible as it gets.
        Err(Trouble::Ended { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(judge(
        &format!("an answer cut {when} by {how} ({})", voice.era()),
        &response,
    ))
}

/// A body without its end is visible; so is an error in place of the answer.
fn judge(what: &str, response: &Response) -> Option<Evidence> {
    let hidden =
        response.ending == Ending::Whole && response.status() < 400 && !ends_with_error(response);
    hidden.then(|| {
        Evidence::new(
            what,
            "a body that ends broken, or an error",
            format!(
                "{}, {} bytes, {}",
                response.head.describe(),
                response.body.len(),
                response.ending.describe()
            ),
        )
    })
}

fn ends_with_error(response: &Response) -> bool {
    response
        .message()
        .is_some_and(|message| message.get("error").is_some())
}
