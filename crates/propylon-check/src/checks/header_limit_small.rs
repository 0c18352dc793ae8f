//! `header-limit-small`: one long header, and many short ones.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice};
use crate::wire::{Request, Trouble};

pub(super) const CHECK: Check = Check {
    id: "header-limit-small",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const PAD: &str = "X-Propylon-Pad";
const KIB: usize = 1_024;

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let mut faults = Vec::new();
    let mut passed = 0;
    for size in [4, 8, 12, 15] {
        let value = "h".repeat(size * KIB);
        let request = voice
            .tool(&lab, "echo_request", json!({}))
            .with(PAD, &value);
        match arrived(&lab, &request).await? {
            Ok(bytes) if bytes == value.len() => passed = size,
            found => {
                let found =
                    found.map_or_else(|refusal| refusal, |bytes| format!("{bytes} bytes of it"));
                faults.push(Evidence::new(
                    format!("one header of {size} KiB"),
                    "it arrives",
                    found,
                ));
                break;
            }
        }
    }
    faults.extend(many(&lab, &voice).await?);
    Ok(Outcome::of_faults(
        faults,
        format!("16 KiB of headers do not pass; one header of {passed} KiB does"),
        "one header of 15 KiB, and 16 KiB of headers on 100 lines, arrived",
    ))
}

async fn many(lab: &Lab, voice: &Voice) -> Result<Option<Evidence>, Trouble> {
    let value = "h".repeat(16 * KIB / 100 - PAD.len() - 8);
    let mut request = voice.tool(lab, "echo_request", json!({}));
    for n in 0..100 {
        request = request.with(&format!("{PAD}-{n:02}"), &value);
    }
    let found = match arrived(lab, &request).await? {
        Ok(bytes) if bytes == value.len() * 100 => return Ok(None),
        Ok(bytes) => format!("{bytes} of {} bytes", value.len() * 100),
        Err(refusal) => refusal,
    };
    Ok(Some(Evidence::new(
        "16 KiB of headers on 100 lines",
        "all arrive",
        found,
    )))
}

/// How many bytes of padding arrived, or what was answered instead.
async fn arrived(lab: &Lab, request: &Request) -> Result<Result<usize, String>, Trouble> {
    let response = match lab.settle(request, lab.soon()).await {
        Ok(response) => response,
        Err(Trouble::Ended { how, .. }) => return Ok(Err(format!("the connection ended: {how}"))),
        Err(error) => return Err(error),
    };
    let described = response.head.describe();
    Ok(match Report::read("echo_request", response) {
        Ok(report) => Ok(report
            .headers()
            .iter()
            .filter(|(name, _)| {
                name.to_ascii_lowercase()
                    .starts_with(&PAD.to_ascii_lowercase())
            })
            .map(|(_, value)| value.len())
            .sum()),
        Err(_) => Err(described),
    })
}
