//! `error-body-replaced`: every error status with a JSON-RPC body, as it comes to the client.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::judge::shown;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Voice, rpc_error};
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "error-body-replaced",
    needs: &[Need::Probe],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

/// 404 comes last: within a session it says that the session is over.
const STATUSES: &[u16] = &[
    400, 401, 403, 405, 406, 409, 413, 415, 429, 500, 501, 502, 503, 504, 404,
];
/// The code in the probe's error.
const CODE: i64 = -32_099;

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    let mut tried = 0;
    for voice in lab.voices().await? {
        let voice = match voice {
            // One of its own: a chain may take the 404 for its end.
            Voice::Legacy(_) => Voice::Legacy(lab.working_session().await?),
            Voice::Modern => Voice::Modern,
        };
        for status in STATUSES
            .iter()
            .copied()
            .filter(|status| *status < 500 || lab.facts.may_disturb)
        {
            tried += 1;
            faults.extend(one(&lab, &voice, status).await?);
        }
    }
    let unseen = if lab.facts.may_disturb {
        ""
    } else {
        "; 5xx need the probe's token"
    };
    Ok(Outcome::of_faults(
        faults,
        "errors of the server do not reach the client as they were sent",
        format!("{tried} errors arrived with their status, type and body{unseen}"),
    ))
}

async fn one(lab: &Lab, voice: &Voice, status: u16) -> Result<Option<Evidence>, Trouble> {
    let canary = lab.word("error");
    let arguments = lab.with_token(json!({"status": status, "code": CODE, "message": canary}));
    let response = lab
        .settle(&voice.tool(lab, "respond", arguments), lab.soon())
        .await?;
    Ok(judge(
        &format!("HTTP {status} ({})", voice.era()),
        status,
        &canary,
        &response,
    ))
}

fn judge(what: &str, status: u16, canary: &str, response: &Response) -> Option<Evidence> {
    let kept = response
        .message()
        .as_ref()
        .and_then(rpc_error)
        .is_some_and(|(code, text)| code == CODE && text == canary);
    if response.status() == status && response.head.is_json() && kept {
        return None;
    }
    let found = format!(
        "{}: {}",
        response.head.describe(),
        shown(&response.excerpt())
    );
    Some(Evidence::new(
        what,
        format!("the same status, application/json, and the error {canary}"),
        found,
    ))
}
