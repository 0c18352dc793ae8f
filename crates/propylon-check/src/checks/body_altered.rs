//! `body-altered`: bodies byte for byte, both ways.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::{Value, json};

use super::{Check, Need, Stage};
use crate::digest::sha256_hex;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "body-altered",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// JSON that any parser takes and few printers give back: 64-bit integers, exponents, escapes, odd spaces, a key twice.
const ODDITIES: &str = "{ \"big\":9223372036854775807 ,\t\"exact\": 12345678901234567890123, \"exponent\":1E+2,\"zero\":-0.0, \
    \"escaped\":\"\\u00e9\\/\\u2028\",\"plain\":\"é\u{2603}\", \"twice\":1,\"twice\":2,\"unknown\":{\"a\":[ ]} }";

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        faults.extend(request(&lab, &voice).await?);
        faults.extend(answer(&lab, &voice).await?);
    }
    Ok(Outcome::of_faults(
        faults,
        "bodies are changed on their way",
        "bodies crossed byte for byte both ways",
    ))
}

async fn request(lab: &Lab, voice: &Voice) -> Result<Option<Evidence>, Trouble> {
    let plain = voice.tool(lab, "echo_request", json!({"padding": "ODDITIES"}));
    let body = String::from_utf8_lossy(plain.body.as_deref().unwrap_or_default())
        .replace("\"ODDITIES\"", ODDITIES);
    let sent = sha256_hex(body.as_bytes());
    let report = lab.report("echo_request", &plain.body(body)).await?;
    let arrived = report.text("/body/sha256").unwrap_or_default();
    let coded = report.at("/body/content_encoding").and_then(Value::as_str);
    let what = format!("SHA-256 of a request's body ({})", voice.era());
    Ok((arrived != sent || coded.is_some()).then(|| {
        Evidence::new(
            what,
            sent,
            format!("{arrived}, Content-Encoding: {}", coded.unwrap_or("none")),
        )
    }))
}

async fn answer(lab: &Lab, voice: &Voice) -> Result<Option<Evidence>, Trouble> {
    let report = lab
        .call(voice, "compressible", json!({"bytes": 65_536}))
        .await?;
    let text = report
        .response
        .message()
        .and_then(|message| {
            message
                .pointer("/result/content/0/text")
                .and_then(Value::as_str)
                .map(str::to_owned)
        })
        .unwrap_or_default();
    let (sent, arrived) = (
        report.text("/sha256").unwrap_or_default(),
        sha256_hex(text.as_bytes()),
    );
    let coded = report.response.head.get("content-encoding");
    let what = format!("SHA-256 of an answer's text ({})", voice.era());
    Ok((sent != arrived || coded.is_some()).then(|| {
        Evidence::new(
            what,
            sent,
            format!(
                "{arrived}, Content-Encoding: {}",
                coded.as_deref().unwrap_or("none")
            ),
        )
    }))
}
