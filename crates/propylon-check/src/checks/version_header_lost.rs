//! `version-header-lost`: `MCP-Protocol-Version`, present, absent and unusual.

use std::rc::Rc;

use propylon_practices::Evidence;

use super::{Check, Need, Stage};
use crate::judge::crossed_exactly;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{MODERN, Report, Voice, rpc_error};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "version-header-lost",
    needs: &[Need::Probe],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = modern(&lab).await?;
    if lab.facts.legacy {
        faults.extend(legacy(&lab).await?);
    }
    Ok(Outcome::of_faults(
        faults,
        "`MCP-Protocol-Version` does not reach the server as it was sent",
        "`MCP-Protocol-Version` arrived unchanged, and was not added where it was not sent",
    ))
}

/// The probe refuses a modern request whose version header does not say what its body says.
async fn modern(lab: &Lab) -> Result<Vec<Evidence>, Trouble> {
    let request = Voice::Modern.tool(lab, "echo_request", serde_json::json!({}));
    let response = lab.ask(&request).await?;
    let refused = response.message().as_ref().and_then(rpc_error);
    Ok(match refused {
        Some((-32_020, text)) if text.to_ascii_lowercase().contains("mcp-protocol-version") => {
            vec![Evidence::new(
                "a request of revision 2026-07-28",
                format!("MCP-Protocol-Version: {MODERN}"),
                text,
            )]
        }
        _ => Vec::new(),
    })
}

async fn legacy(lab: &Lab) -> Result<Vec<Evidence>, Trouble> {
    let voice = Voice::Legacy(lab.session().await?);
    let mut faults = Vec::new();
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let report = lab
            .echo(&voice, |request| {
                request.setting("MCP-Protocol-Version", version)
            })
            .await?;
        faults.extend(crossed_exactly(
            "MCP-Protocol-Version",
            version,
            &report.header("mcp-protocol-version"),
        ));
    }
    let request = voice.tool(lab, "echo_request", serde_json::json!({}));
    let response = lab
        .settle(&request.without("MCP-Protocol-Version"), lab.soon())
        .await?;
    if let Some((_, text)) = response.message().as_ref().and_then(rpc_error) {
        faults.push(Evidence::new(
            "a request without MCP-Protocol-Version",
            "served",
            text,
        ));
        return Ok(faults);
    }
    let report = Report::read("echo_request", response)?;
    if let Some(gained) = report.header("mcp-protocol-version").first() {
        faults.push(Evidence::new(
            "MCP-Protocol-Version, not sent",
            "nothing",
            gained.clone(),
        ));
    }
    Ok(faults)
}
