//! `ssrf-redirect`: a redirect of the server's, and who follows it.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::measure::executions;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "ssrf-redirect",
    needs: &[Need::Probe, Need::Token],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// How often the probe is asked, to meet each of its instances.
const ASKED: usize = 9;

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let listen = lab
        .call(&voice, "whoami", json!({}))
        .await?
        .text("/listen")
        .unwrap_or_default()
        .to_owned();
    let canary = lab.word("followed");
    let mut faults = Vec::new();
    for status in [301, 302, 303, 307, 308] {
        for location in [format!("/{canary}"), format!("http://{listen}/{canary}")] {
            let key = lab.word("redirect");
            let arguments =
                lab.with_token(json!({"status": status, "location": location, "key": key}));
            let response = lab
                .settle(&voice.tool(&lab, "redirect", arguments), lab.soon())
                .await?;
            faults.extend(judge(status, &location, &response));
            // Whoever follows with the same body runs the call again, and passes on the same redirect.
            let again = executions(&lab, &voice, &key).await?;
            if again > 1 {
                let what = format!("executions of a call answered {status} to {location}");
                faults.push(Evidence::new(what, "1", again.to_string()));
            }
        }
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    faults.extend(fetched(&lab, &voice, &canary).await?);
    Ok(Outcome::of_faults(
        faults,
        "a redirect of the server's is followed by the proxy",
        "redirects of the server's are passed on or refused, and followed by nobody",
    ))
}

/// A success in place of the redirect is the redirect's target.
fn judge(status: u16, location: &str, response: &Response) -> Option<Evidence> {
    let passed = response.status() == status;
    let refused = response.status() >= 400;
    (!passed && !refused).then(|| {
        Evidence::new(
            format!("the server's {status} to {location}"),
            "the same status, or an error",
            response.head.describe(),
        )
    })
}

/// A request for the canary's path, as the probe's instances saw it.
async fn fetched(lab: &Lab, voice: &Voice, canary: &str) -> Result<Option<Evidence>, Trouble> {
    for _ in 0..ASKED {
        let report = lab.call(voice, "sessions", json!({})).await?;
        let recent = report
            .at("/foreign_recent")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let found = recent.iter().find(|each| {
            each.get("target")
                .and_then(Value::as_str)
                .is_some_and(|target| target.contains(canary))
        });
        if let Some(found) = found {
            return Ok(Some(Evidence::new(
                "requests for the redirect's target",
                "none",
                found.to_string(),
            )));
        }
    }
    Ok(None)
}
