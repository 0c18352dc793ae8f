//! `body-limit-small`: growing requests and growing answers, whole by hash.

use std::rc::Rc;
use std::time::Duration;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::digest::sha256_hex;
use crate::lab::Lab;
use crate::options::Profile;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice};
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "body-limit-small",
    needs: &[Need::Probe],
    stage: Stage::Heavy,
    run: |lab| Box::pin(run(lab)),
};

/// Large bodies take their time.
const WITHIN: Duration = Duration::from_secs(30);
const KB: usize = 1_000;

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let mut evidence = Vec::new();
    let mut faults = Vec::new();
    for is_chunked in [false, true] {
        let framing = if is_chunked { "chunked" } else { "sized" };
        let what = format!("largest {framing} request that passed");
        let sizes = up_to(&lab, 10_000);
        sort(
            &what,
            &sizes,
            requests(&lab, &voice, &sizes, is_chunked).await?,
            &mut evidence,
            &mut faults,
        );
    }
    let sizes = up_to(
        &lab,
        if lab.facts.may_disturb {
            50_000
        } else {
            16_000
        },
    );
    sort(
        "largest answer that passed",
        &sizes,
        answers(&lab, &voice, &sizes).await?,
        &mut evidence,
        &mut faults,
    );
    let outcome = Outcome::of_faults(
        faults,
        "large bodies do not pass",
        "large requests and answers passed whole",
    );
    Ok(outcome.with(evidence))
}

/// Sizes in kilobytes, up to `most` or what the profile has time for.
fn up_to(lab: &Lab, most: usize) -> Vec<usize> {
    let most = if lab.options.profile == Profile::Quick {
        most.min(2_000)
    } else {
        most
    };
    [500, 1_000, 2_000, 5_000, 10_000, 16_000, 50_000]
        .into_iter()
        .filter(|size| *size <= most)
        .collect()
}

/// What a row of sizes came to: the largest that passed, and what the first that did not got.
type Grown = (usize, Option<String>);

fn sort(
    what: &str,
    sizes: &[usize],
    (largest, refusal): Grown,
    evidence: &mut Vec<Evidence>,
    faults: &mut Vec<Evidence>,
) {
    let wanted = sizes.last().copied().unwrap_or_default();
    let expected = format!("{wanted} kB");
    match refusal {
        None => evidence.push(Evidence::new(what, expected, format!("{largest} kB"))),
        Some(refusal) => faults.push(Evidence::new(
            what,
            expected,
            format!("{largest} kB; then {refusal}"),
        )),
    }
}

async fn requests(
    lab: &Lab,
    voice: &Voice,
    sizes: &[usize],
    is_chunked: bool,
) -> Result<Grown, Trouble> {
    let mut largest = 0;
    for size in sizes {
        let request = voice.tool(
            lab,
            "echo_request",
            json!({"padding": "p".repeat(size * KB)}),
        );
        let request = if is_chunked {
            request.chunked()
        } else {
            request
        };
        let digest = sha256_hex(request.body.as_deref().unwrap_or_default());
        match lab.settle(&request, WITHIN).await {
            Err(error) => return Ok((largest, Some(error.to_string()))),
            Ok(response) => {
                let described = response.head.describe();
                let arrived = Report::read("echo_request", response)
                    .ok()
                    .and_then(|report| report.text("/body/sha256").map(str::to_owned));
                if arrived.as_deref() != Some(digest.as_str()) {
                    return Ok((largest, Some(described)));
                }
            }
        }
        largest = *size;
    }
    Ok((largest, None))
}

async fn answers(lab: &Lab, voice: &Voice, sizes: &[usize]) -> Result<Grown, Trouble> {
    let mut largest = 0;
    for size in sizes {
        let arguments = lab.with_token(json!({"bytes": size * KB}));
        match lab
            .settle(&voice.tool(lab, "large", arguments), WITHIN)
            .await
        {
            Err(error) => return Ok((largest, Some(error.to_string()))),
            Ok(response) if is_whole(&response, size * KB) => {}
            Ok(response) => {
                return Ok((
                    largest,
                    Some(format!(
                        "{}, {} bytes, {}",
                        response.head.describe(),
                        response.body.len(),
                        response.ending.describe()
                    )),
                ));
            }
        }
        largest = *size;
    }
    Ok((largest, None))
}

/// Whether an answer of `large` has all its text.
fn is_whole(response: &Response, bytes: usize) -> bool {
    let Some(message) = response.message() else {
        return false;
    };
    let text = message
        .pointer("/result/content/0/text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let digest = message
        .pointer("/result/structuredContent/sha256")
        .and_then(Value::as_str);
    text.len() == bytes && digest == Some(sha256_hex(text.as_bytes()).as_str())
}
