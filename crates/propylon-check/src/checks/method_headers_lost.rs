//! `method-headers-lost`: `Mcp-Method` and `Mcp-Name`, plain, long, Base64 and look-alikes.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::judge::{crossed_exactly, shown};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice, rpc_error};
use crate::wire::{Response, Trouble};

pub(super) const CHECK: Check = Check {
    id: "method-headers-lost",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    for name in ["echo_request", "=?base64?ZWNob19yZXF1ZXN0?="] {
        faults.extend(echoed(&lab, name).await?);
    }
    let long = format!("{}/end", "n".repeat(3_900));
    for name in [
        "a%2Fb//c",
        "=?BASE64?abc?=",
        "=?base64?",
        "a b;c=d, e",
        long.as_str(),
    ] {
        faults.extend(held_to_body(&lab, name).await?);
    }
    faults.dedup();
    Ok(Outcome::of_faults(
        faults,
        "`Mcp-Method` or `Mcp-Name` does not reach the server as it was sent",
        "`Mcp-Method` and `Mcp-Name` arrived unchanged in every form",
    ))
}

/// A call whose name header is `name`, echoed.
async fn echoed(lab: &Lab, name: &str) -> Result<Vec<Evidence>, Trouble> {
    let request = Voice::Modern
        .tool(lab, "echo_request", json!({}))
        .setting("Mcp-Name", name);
    let response = lab.ask(&request).await?;
    if let Some(fault) = mismatch(&response, "tools/call", name) {
        return Ok(vec![fault]);
    }
    if version_refused(&response) {
        return Ok(Vec::new());
    }
    let report = Report::read("echo_request", response)?;
    let method = crossed_exactly("Mcp-Method", "tools/call", &report.header("mcp-method"));
    let name = crossed_exactly("Mcp-Name", name, &report.header("mcp-name"));
    Ok(method.into_iter().chain(name).collect())
}

/// A prompt nobody has: the probe compares header and body before it looks for it.
async fn held_to_body(lab: &Lab, name: &str) -> Result<Option<Evidence>, Trouble> {
    let request = Voice::Modern.request(lab, "prompts/get", json!({"name": name}));
    let response = lab.ask(&request).await?;
    Ok(mismatch(&response, "prompts/get", name))
}

/// The probe's refusal for headers that do not say what the body says, unless it is about the version.
fn mismatch(response: &Response, method: &str, name: &str) -> Option<Evidence> {
    let (code, text) = response.message().as_ref().and_then(rpc_error)?;
    let ours = code == -32_020 && response.head.instance().is_some() && !is_about_version(&text);
    ours.then(|| {
        let what = format!("{method} with Mcp-Name: {}", shown(name));
        Evidence::new(what, "both headers as the body says", shown(&text))
    })
}

fn version_refused(response: &Response) -> bool {
    let refused = response.message().as_ref().and_then(rpc_error);
    refused.is_some_and(|(_, text)| is_about_version(&text))
}

fn is_about_version(text: &str) -> bool {
    text.to_ascii_lowercase().contains("mcp-protocol-version")
}
