//! `auth-challenge-lost`: what a client without good credentials is told.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Voice, initialize_body};
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "auth-challenge-lost",
    needs: &[Need::Mcp],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const CHALLENGE: &str = "Bearer error=\"invalid_token\", resource_metadata=\"https://canary.example/.well-known/oauth-protected-resource/mcp\"";

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    let mut looked = Vec::new();
    let authenticates = lab
        .options
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if authenticates {
        looked.push("without credentials and with wrong ones");
        for wrong in [None, Some("Bearer wrong.propylon.canary")] {
            faults.extend(unauthenticated(&lab, wrong).await?);
        }
    }
    if lab.facts.is_probe {
        looked.push("answers of the server");
        for voice in lab.voices().await? {
            faults.extend(answered(&lab, &voice).await?);
        }
    }
    if looked.is_empty() {
        return Ok(Outcome::not_applicable("calls need no credentials"));
    }
    Ok(Outcome::of_faults(
        faults,
        "a client is not told how to get credentials",
        format!("challenges arrive whole: {}", looked.join(", ")),
    ))
}

/// A call of somebody the chain does not know.
async fn unauthenticated(lab: &Lab, wrong: Option<&str>) -> Result<Option<Evidence>, Trouble> {
    let request = lab
        .post(&initialize_body(lab, "2025-11-25"))
        .without("Authorization");
    let (what, request) = match wrong {
        Some(wrong) => (
            "a call with a wrong token",
            request.with("Authorization", wrong),
        ),
        None => ("a call without credentials", request),
    };
    let response = lab.ask(&request).await?;
    Ok(judge_challenge(what, &response))
}

fn judge_challenge(what: &str, response: &Response) -> Option<Evidence> {
    let expected = "401 with WWW-Authenticate: Bearer resource_metadata=…";
    let challenge = response.head.get("www-authenticate").unwrap_or_default();
    let good = response.status() == 401 && challenge.contains("resource_metadata");
    (!good).then(|| {
        let found = format!(
            "{}, WWW-Authenticate: {challenge}",
            response.head.describe()
        );
        Evidence::new(what, expected, found)
    })
}

/// The server's own 401 and 403 keep their challenge; its failures are not turned into a challenge.
async fn answered(lab: &Lab, voice: &Voice) -> Result<Vec<Evidence>, Trouble> {
    let mut faults = Vec::new();
    for status in [401_u16, 403, 500, 503] {
        if status >= 500 && !lab.facts.may_disturb {
            continue;
        }
        let headers = if status < 500 {
            json!({"WWW-Authenticate": CHALLENGE})
        } else {
            json!({})
        };
        let arguments = lab.with_token(json!({"status": status, "headers": headers}));
        let response = lab
            .settle(&voice.tool(lab, "respond", arguments), lab.soon())
            .await?;
        let challenge = response.head.get("www-authenticate");
        let what = format!("a {status} of the server ({})", voice.era());
        let found = format!(
            "HTTP {}, WWW-Authenticate: {}",
            response.status(),
            challenge.as_deref().unwrap_or("none")
        );
        if status < 500 && (response.status() != status || challenge.as_deref() != Some(CHALLENGE))
        {
            faults.push(Evidence::new(what, "the same status and challenge", found));
        } else if status >= 500 && matches!(response.status(), 300..=399 | 401 | 403) {
            faults.push(Evidence::new(what, "a 5xx", found));
        }
    }
    Ok(faults)
}
