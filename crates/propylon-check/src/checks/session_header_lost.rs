//! `session-header-lost`: the session id, from the probe to the client and back.

use std::rc::Rc;

use serde_json::json;

use super::{Check, Need, Stage};
use crate::judge::shown;
use crate::lab::Lab;
use crate::outcome::{Checked, Outcome};
use crate::talk::{Report, Session, Voice, initialize_body, rpc_error};
use crate::wire::Trouble;

pub(super) const CHECK: Check = Check {
    id: "session-header-lost",
    needs: &[Need::Probe, Need::Legacy],
    stage: Stage::Swift,
    run: |lab| Box::pin(run(lab)),
};

/// Sessions tried until one's request reaches its instance.
const SESSIONS: usize = 8;

/// How often a request is sent until the instance that made its session answers.
const TRIES: usize = 24;

async fn run(lab: Rc<Lab>) -> Checked {
    if let Some(gained) = gained(&lab).await? {
        return Ok(
            Outcome::fail("a request without a session arrives with a session header").saw(
                "Mcp-Session-Id, not sent",
                "no such line",
                format!("a line with {gained:?}"),
            ),
        );
    }
    for _ in 0..SESSIONS {
        let response = lab
            .ask(&lab.post(&initialize_body(&lab, "2025-11-25")))
            .await?;
        let minted = response.head.all("mcp-session-id").count();
        if minted != 1 {
            return Ok(Outcome::fail(
                "the answer to initialize does not bring the session's id to the client",
            )
            .saw(
                "Mcp-Session-Id lines in the answer to initialize",
                "1",
                minted.to_string(),
            ));
        }
        if let Some(outcome) = used(&lab, Session::read(&response)?).await? {
            return Ok(outcome);
        }
    }
    Err(Trouble::unexpected(
        "no request of a session reached its instance",
    ))
}

/// The header on a request that was sent without it: some servers refuse an empty one.
async fn gained(lab: &Lab) -> Result<Option<String>, Trouble> {
    if !lab.facts.modern {
        return Ok(None);
    }
    let report = lab.echo(&Voice::Modern, |request| request).await?;
    Ok(report.header("mcp-session-id").into_iter().next())
}

/// A failure when the very instance that made the session does not know its id; nothing if that instance is not met.
async fn unknown_at_home(lab: &Lab, session: &Session) -> Result<Option<Outcome>, Trouble> {
    let ping = json!({"jsonrpc": "2.0", "id": lab.next_id(), "method": "ping"});
    for _ in 0..TRIES {
        let answer = lab.ask(&session.request(lab, &ping)).await?;
        let code = answer.message().as_ref().and_then(rpc_error);
        let is_unknown = code.is_some_and(|(code, _)| code == -32_001);
        if is_unknown && answer.head.instance() == session.instance {
            let found = format!("HTTP {}, Session not found", answer.status());
            return Ok(Some(
                Outcome::fail("the id the client gets is not the id the server made").saw(
                    "a ping in a new session, at the instance that made it",
                    "its answer",
                    found,
                ),
            ));
        }
    }
    Ok(None)
}

/// What becomes of the id when the session is used; nothing if its requests go astray.
async fn used(lab: &Lab, session: Session) -> Result<Option<Outcome>, Trouble> {
    let voice = Voice::Legacy(session.clone());
    let request = voice.tool(lab, "echo_request", json!({}));
    let response = lab.settle(&request, lab.soon()).await?;
    match response.message().as_ref().and_then(rpc_error) {
        Some((-32_001, _)) => return unknown_at_home(lab, &session).await,
        Some((code, text)) => {
            let found = format!("HTTP {}, {code}: {text}", response.status());
            return Ok(Some(
                Outcome::fail("a request of a session reaches the server without its id").saw(
                    "a call with Mcp-Session-Id",
                    "its result",
                    found,
                ),
            ));
        }
        None => {}
    }
    let report = Report::read("echo_request", response)?;
    let arrived = report.header("mcp-session-id");
    if arrived.len() != 1 {
        return Ok(Some(
            Outcome::fail(
                "a request of a session reaches the server with more or fewer ids than one",
            )
            .saw(
                "Mcp-Session-Id lines at the server",
                "1",
                arrived.join(" | "),
            ),
        ));
    }
    let known = lab.call(&voice, "whoami", json!({})).await?;
    let server_side = known.text("/session").unwrap_or_default();
    let summary = if server_side == session.id {
        "the id crossed unchanged both ways"
    } else {
        "the id is changed on its way to the client and changed back on its way to the server"
    };
    Ok(Some(
        Outcome::pass(summary)
            .saw("the id the client has", "any", shown(&session.id))
            .saw("the id the server has", "any", shown(server_side)),
    ))
}
