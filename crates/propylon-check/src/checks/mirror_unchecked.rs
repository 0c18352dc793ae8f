//! `mirror-unchecked`: headers that say something else than the body, and whoever serves them all the same.

use std::rc::Rc;

use propylon_practices::Evidence;
use serde_json::json;

use super::{Check, Need, Stage};
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{MODERN, Voice, rpc_error};
use crate::wire::{Request, Response};

pub(super) const CHECK: Check = Check {
    id: "mirror-unchecked",
    needs: &[Need::Modern],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let mut faults = Vec::new();
    let mut evidence = Vec::new();
    for (what, request) in lies(&lab) {
        let response = lab.ask(&request).await?;
        let line = Evidence::new(what, "400 with JSON-RPC -32020", described(&response));
        if response.status() == 400 {
            evidence.push(line);
        } else {
            faults.push(line);
        }
    }
    Ok(Outcome::of_faults(
        faults,
        "a request whose headers and body disagree is served",
        "every disagreement was refused",
    )
    .with(evidence))
}

fn lies(lab: &Lab) -> Vec<(&'static str, Request)> {
    let tool = if lab.facts.is_probe {
        "whoami"
    } else {
        "propylon-no-such-tool"
    };
    let call = || Voice::Modern.tool(lab, tool, json!({}));
    vec![
        (
            "Mcp-Name names another tool",
            call().setting("Mcp-Name", "propylon-other"),
        ),
        (
            "Mcp-Method names another method",
            call().setting("Mcp-Method", "tools/list"),
        ),
        ("no Mcp-Method", call().without("Mcp-Method")),
        ("no Mcp-Name", call().without("Mcp-Name")),
        (
            "Mcp-Name twice, with two values",
            call().with("Mcp-Name", "propylon-other"),
        ),
        (
            "Mcp-Name in Base64 that does not decode",
            call().setting("Mcp-Name", "=?base64?!!!!?="),
        ),
        (
            "MCP-Protocol-Version of another revision than the body's",
            call().setting("MCP-Protocol-Version", "2025-11-25"),
        ),
        (
            "MCP-Protocol-Version twice, with two values",
            call()
                .setting("MCP-Protocol-Version", MODERN)
                .with("MCP-Protocol-Version", "2025-11-25"),
        ),
    ]
}

fn described(response: &Response) -> String {
    let code = response
        .message()
        .as_ref()
        .and_then(rpc_error)
        .map_or_else(|| "no JSON-RPC error".into(), |(code, _)| code.to_string());
    let by = match response.head.instance() {
        Some(name) => format!("the server, {name}"),
        None => "in front of the server".into(),
    };
    format!("HTTP {}, {code}, by {by}", response.status())
}
