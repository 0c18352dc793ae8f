//! The first step: a client initializes, and calls a tool.

use super::{Walk, millis};
use crate::commands::demo::caller::{LEGACY, Session, text_of};
use crate::commands::demo::client::ClientError;
use crate::commands::demo::server::WHOAMI;

/// Begins the session that the next steps use.
pub(super) async fn begin(walk: &mut Walk<'_>) -> Result<Session, ClientError> {
    walk.narrator.step("A client initializes").await;
    walk.narrator
        .say("It has no session yet, so the least loaded server gets it.");
    walk.narrator.sent("POST /mcp   initialize");
    let (session, answer) = walk.caller.initialize().await?;
    let home = walk.narrator.instance(&session.home);
    let took = millis(answer.took());
    walk.narrator.got(&format!(
        "{}   from {home} in {took}, session {}",
        answer.status.as_u16(),
        session.fingerprint
    ));
    let version = answer.response().and_then(|message| {
        message
            .pointer("/result/protocolVersion")?
            .as_str()
            .map(str::to_owned)
    });
    let agreed = version.as_deref() == Some(LEGACY.as_str());
    walk.narrator.check(
        agreed,
        &format!("server and client agree on revision {LEGACY}"),
    );
    let minted = answer.header("mcp-session-id") == Some(session.id.as_str())
        && session.fingerprint.len() == 16;
    walk.narrator.check(
        minted,
        "the server's `Mcp-Session-Id` came through; whoever knows it owns the session, so logs show only this fingerprint",
    );

    walk.narrator.step("It calls a tool").await;
    walk.narrator.sent("POST /mcp   tools/call whoami");
    let answer = walk.caller.call(&session, WHOAMI).await?;
    let name = text_of(&answer).unwrap_or("nobody").to_owned();
    let shown = walk.narrator.instance(&name);
    walk.narrator.got(&format!(
        "{}   \"{shown}\" in {}",
        answer.status.as_u16(),
        millis(answer.took())
    ));
    walk.narrator.check(
        name == session.home,
        &format!(
            "the call reached {}, which knows this session",
            session.home
        ),
    );
    let id = answer
        .response()
        .and_then(|message| message.get("id")?.as_u64());
    walk.narrator.check(
        id == Some(walk.caller.last_id()),
        "the answer carries the request's id",
    );
    Ok(session)
}
