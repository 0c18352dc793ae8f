//! `sse-compressed`: streams under every `Accept-Encoding` clients send.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::Voice;
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "sse-compressed",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

const ASKED: &[&str] = &[
    "gzip, deflate, br, zstd",
    "gzip, deflate",
    "gzip",
    "br;q=1.0, gzip;q=0.5, *;q=0.1",
    "identity",
];

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for voice in lab.voices().await? {
        for asked in ASKED {
            faults.extend(one(&lab, &voice, asked).await?);
        }
    }
    Ok(Outcome::of_faults(
        faults,
        "event streams are compressed",
        "no event stream was compressed, whatever was asked",
    ))
}

async fn one(lab: &Lab, voice: &Voice, asked: &str) -> Result<Option<Evidence>, Trouble> {
    let request = voice
        .streaming_tool(lab, "compressible", json!({"as": "sse", "bytes": 20_000}))
        .with("Accept-Encoding", asked);
    let response = lab.settle(&request, lab.soon()).await?;
    if response.status() != 200 {
        let found = response.head.describe();
        return Err(Trouble::unexpected(format!(
            "a stream with Accept-Encoding: {asked} was answered with {found}"
        )));
    }
    Ok(judge(
        &format!("a stream with Accept-Encoding: {asked} ({})", voice.era()),
        &response,
    ))
}

fn judge(what: &str, response: &Response) -> Option<Evidence> {
    let codings = response.head.list("content-encoding");
    let is_coded = codings.iter().any(|coding| coding != "identity");
    let readable = response.text().contains("the same words over and over");
    (is_coded || !readable).then(|| {
        let bytes = if readable { "readable" } else { "not readable" };
        Evidence::new(
            what,
            "no Content-Encoding",
            format!(
                "Content-Encoding: {}, {} bytes, {bytes}",
                codings.join(", "),
                response.body.len()
            ),
        )
    })
}
