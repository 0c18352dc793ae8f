//! `response-header-lost`: headers of answers that clients act on.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Head, Trouble};

pub(super) const CHECK: Check = Check {
    id: "response-header-lost",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const CHALLENGE: &str = "Bearer realm=\"propylon\", error=\"invalid_token\", resource_metadata=\"https://canary.example/.well-known/oauth-protected-resource\"";

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        for status in [200, 202, 401, 429, 503] {
            if status < 500 || lab.facts.may_disturb {
                faults.extend(answer(&lab, &voice, status).await?);
            }
        }
        let request = voice.streaming_tool(
            &lab,
            "stream",
            json!({"events": 1, "cache_control": "no-cache, no-store"}),
        );
        let stream = lab.stream(&request).await?;
        let what = format!("an event stream ({})", voice.era());
        faults.extend(cache_control(&what, "no-store", &stream.head));
    }
    Ok(Outcome::of_faults(
        faults,
        "headers of answers do not reach the client",
        "the headers clients act on arrived on every status",
    ))
}

async fn answer(lab: &Lab, voice: &Voice, status: u16) -> Result<Vec<Evidence>, Trouble> {
    let headers = json!({
        "WWW-Authenticate": CHALLENGE,
        "Retry-After": "17",
        "Cache-Control": "no-store",
        "X-Propylon-Canary": "kept",
    });
    let body = if status == 202 { "empty" } else { "error" };
    let arguments = lab.with_token(json!({"status": status, "headers": headers, "body": body}));
    let response = lab
        .settle(&voice.tool(lab, "respond", arguments), lab.soon())
        .await?;
    let head = &response.head;
    // An answer that is not the probe's says nothing of headers; error-body-replaced speaks of it.
    if head.instance().is_none() {
        return Ok(Vec::new());
    }
    let mut faults = Vec::new();
    for (name, sent) in [
        ("WWW-Authenticate", CHALLENGE),
        ("Retry-After", "17"),
        ("X-Propylon-Canary", "kept"),
    ] {
        let arrived: Vec<String> = head.all(name).collect();
        if arrived != [sent] {
            let what = format!("{name} of a {status} ({})", voice.era());
            let found = if arrived.is_empty() {
                "nothing".into()
            } else {
                arrived.join(" | ")
            };
            faults.push(Evidence::new(what, sent, found));
        }
    }
    faults.extend(cache_control(
        &format!("a {status} ({})", voice.era()),
        "no-store",
        head,
    ));
    Ok(faults)
}

/// Directives may be added; the one that was sent must not be lost.
fn cache_control(what: &str, directive: &str, head: &Head) -> Option<Evidence> {
    let found = head.list("cache-control");
    let kept = found.iter().any(|each| each == directive);
    (!kept).then(|| {
        Evidence::new(
            format!("Cache-Control of {what}"),
            directive,
            format!("{found:?}"),
        )
    })
}
