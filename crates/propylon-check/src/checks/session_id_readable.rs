//! `session-id-readable`: what the id a client gets tells of the inside.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::judge::shown;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::readable::revealed;
use crate::talk::{Session, Voice};

pub(super) const CHECK: Check = Check {
    id: "session-id-readable",
    needs: &[Need::Legacy],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let session = Session::open(&lab).await?;
    let Some(told) = revealed(&session.id) else {
        return Ok(
            Outcome::pass("the session id tells nothing of where its instance is").saw(
                "session id",
                "nothing to read",
                shown(&session.id),
            ),
        );
    };
    let known = lab
        .call(&Voice::Legacy(session.clone()), "whoami", json!({}))
        .await;
    let minted = known.ok().and_then(|report| {
        report
            .at("/session")
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    if minted.as_deref() == Some(session.id.as_str()) {
        return Ok(Outcome::pass(
            "the session id tells something, but the server itself made it so",
        )
        .saw("session id", "nothing to read", told));
    }
    Ok(
        Outcome::fail("the session id tells where its instance is").saw(
            format!("session id {}", shown(&session.id)),
            "nothing to read",
            told,
        ),
    )
}
