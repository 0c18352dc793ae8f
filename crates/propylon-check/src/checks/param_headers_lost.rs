//! `param-headers-lost`: `Mcp-Param-*` of every spelling a tool may declare.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::judge::{crossed_exactly, shown};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice};
use crate::wire::{Request, Trouble};

pub(super) const CHECK: Check = Check {
    id: "param-headers-lost",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// Every character a header name may have besides letters and digits (RFC 9110, 5.6.2).
const MARKS: &str = "!#$%&'*+-.^_`|~";

async fn run(lab: Rc<Lab>) -> Checked {
    let voice = lab.voice().await?;
    let mut faults = Vec::new();
    let long = "v".repeat(3_000);
    let values = [
        ("Mcp-Param-Propylon-Plain", "eu west 1"),
        ("Mcp-Param-Propylon-9", "9"),
        (
            "Mcp-Param-Propylon-Encoded",
            "=?base64?SGVsbG8sIOS4lueVjA==?=",
        ),
        ("Mcp-Param-Propylon-Long", long.as_str()),
    ];
    for (name, value) in values {
        faults.extend(one(&lab, &voice, name, value).await?);
    }
    let mut lost = String::new();
    for mark in MARKS.chars() {
        let name = format!("Mcp-Param-Propylon{mark}x");
        if let Some(fault) = one(&lab, &voice, &name, "1").await? {
            lost.push(mark);
            faults.push(fault);
        }
    }
    faults.extend(declared(&lab, &voice).await?);
    let summary = if lost.is_empty() {
        "an `Mcp-Param-*` header does not reach the server as it was sent".to_owned()
    } else {
        format!("`Mcp-Param-*` headers with these characters in their names do not arrive: {lost}")
    };
    Ok(Outcome::of_faults(
        faults,
        summary,
        "`Mcp-Param-*` headers of every spelling arrived unchanged",
    ))
}

async fn one(
    lab: &Lab,
    voice: &Voice,
    name: &str,
    value: &str,
) -> Result<Option<Evidence>, Trouble> {
    let request = voice.tool(lab, "echo_request", json!({})).with(name, value);
    judge(lab, &request, name, value).await
}

/// A refusal of somebody in front of the probe loses the header as well as a silent drop does.
async fn judge(
    lab: &Lab,
    request: &Request,
    name: &str,
    value: &str,
) -> Result<Option<Evidence>, Trouble> {
    let response = lab.settle(request, lab.soon()).await?;
    if response.head.instance().is_none() {
        return Ok(Some(Evidence::new(
            name,
            shown(value),
            response.head.describe(),
        )));
    }
    if response.status() != 200 {
        return Ok(Some(Evidence::new(
            name,
            shown(value),
            shown(&response.excerpt()),
        )));
    }
    let report = Report::read("echo_request", response)?;
    Ok(crossed_exactly(name, value, &report.header(name)))
}

/// Arguments that the tool declares, mirrored as a client must.
async fn declared(lab: &Lab, voice: &Voice) -> Result<Vec<Evidence>, Trouble> {
    let declared = [
        ("region", "Mcp-Param-Region"),
        ("tenant", "Mcp-Param-Tenant-Id"),
        ("user_id", "Mcp-Param-user_id"),
        ("geo_region", "Mcp-Param-geo.region"),
    ];
    let mut faults = Vec::new();
    for (argument, header) in declared {
        let request = voice
            .tool(lab, "echo_request", json!({argument: "eu"}))
            .with(header, "eu");
        faults.extend(judge(lab, &request, header, "eu").await?);
    }
    Ok(faults)
}
