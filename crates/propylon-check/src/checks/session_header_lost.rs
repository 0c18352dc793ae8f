//! `session-header-lost`: the session id, from the probe to the client and back.

use std::rc::Rc;

use serde_json::Value;

use super::{Check, Need, Stage};
use crate::judge::shown;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Voice, initialize_body, rpc_error};

pub(super) const CHECK: Check = Check {
    id: "session-header-lost",
    needs: &[Need::Probe, Need::Legacy],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

async fn run(lab: Rc<Lab>) -> Checked {
    let response = lab
        .ask(&lab.post(&initialize_body(&lab, "2025-11-25")))
        .await?;
    let minted: Vec<String> = response.head.all("mcp-session-id").collect();
    if minted.len() != 1 {
        return Ok(Outcome::fail(
            "the answer to initialize does not bring the session's id to the client",
        )
        .saw(
            "Mcp-Session-Id lines in the answer to initialize",
            "1",
            minted.len().to_string(),
        ));
    }
    let session = lab.session().await?;
    let request = Voice::Legacy(session.clone()).tool(&lab, "echo_request", serde_json::json!({}));
    let response = lab.settle(&request, lab.soon()).await?;
    if let Some((code, text)) = response.message().as_ref().and_then(rpc_error) {
        return Ok(
            Outcome::fail("a request of a session reaches the server without its id").saw(
                "a call with Mcp-Session-Id",
                "its result",
                format!("HTTP {}, {code}: {text}", response.status()),
            ),
        );
    }
    let report = Report::read("echo_request", response)?;
    let arrived = report.header("mcp-session-id");
    if arrived.len() != 1 {
        return Ok(Outcome::fail(
            "a request of a session reaches the server with more or fewer ids than one",
        )
        .saw(
            "Mcp-Session-Id lines at the server",
            "1",
            arrived.join(" | "),
        ));
    }
    let known = lab
        .call(
            &Voice::Legacy(session.clone()),
            "whoami",
            Value::Object(serde_json::Map::new()),
        )
        .await?;
    let server_side = known.text("/session").unwrap_or_default();
    let summary = if server_side == session.id {
        "the id crossed unchanged both ways"
    } else {
        "the id is changed on its way to the client and changed back on its way to the server"
    };
    Ok(Outcome::pass(summary)
        .saw("the id the client has", "any", shown(&session.id))
        .saw("the id the server has", "any", shown(server_side)))
}
