//! An instance dies: its sessions are told so at once, the others notice nothing, and it is used again once it is back.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Walk, millis};
use crate::commands::demo::caller::{Session, text_of};
use crate::commands::demo::client::{Answer, ClientError, is_refused};
use crate::commands::demo::server::WHOAMI;

/// By then the health check has seen a server that is back.
const RETURN_MAX: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// Stops the first session's server and starts it again; returns the session that took the first one's place.
pub(super) async fn lose_an_instance(
    walk: &mut Walk<'_>,
    session: &Session,
    others: &[Session],
) -> Result<Session, ClientError> {
    let home = walk.narrator.instance(&session.home);
    walk.narrator
        .step(&format!("{} is killed", session.home))
        .await;
    stop(walk, &session.home).await;

    walk.narrator
        .sent("POST /mcp   tools/call whoami, in the session that died with it");
    let answer = walk.caller.call(session, WHOAMI).await?;
    check_loss(walk, &answer);

    walk.narrator
        .say("404 is the specification's word for \"begin again\", so the client does.");
    walk.narrator.sent("POST /mcp   initialize");
    let (renewed, answer) = walk.caller.initialize().await?;
    let shown = walk.narrator.instance(&renewed.home);
    walk.narrator.got(&format!(
        "{}   from {shown}, session {}",
        answer.status.as_u16(),
        renewed.fingerprint
    ));
    walk.narrator.check(
        renewed.home != session.home,
        "the new session is on a server that lives",
    );
    let answer = walk.caller.call(&renewed, WHOAMI).await?;
    walk.narrator.check(
        text_of(&answer) == Some(renewed.home.as_str()),
        "its calls are answered again",
    );
    check_others(walk, session, others).await?;

    walk.narrator.say(&format!(
        "Now {home} is started again, knowing nothing of before."
    ));
    check_return(walk, &session.home).await?;
    Ok(renewed)
}

async fn stop(walk: &mut Walk<'_>, name: &str) {
    let Some(instance) = walk.stage.instance_mut(name) else {
        return;
    };
    instance.stop();
    let address = instance.address;
    walk.narrator.check(
        is_refused(address).await,
        &format!("{name} is gone: {address} refuses connections"),
    );
}

fn check_loss(walk: &mut Walk<'_>, answer: &Answer) {
    let reason = answer
        .header("propylon-reason")
        .unwrap_or("none")
        .to_owned();
    let error = answer.response().and_then(|message| message.get("error"));
    let message = error
        .and_then(|error| error.get("message")?.as_str())
        .unwrap_or("no error")
        .to_owned();
    let id = answer
        .response()
        .and_then(|message| message.get("id").and_then(Value::as_u64));
    let status = answer.status.as_u16();
    walk.narrator.got(&format!(
        "{status}   Propylon-Reason: {reason}   in {}",
        millis(answer.took())
    ));
    walk.narrator.line(&format!("      \"{message}\""));
    walk.narrator.check(
        status == 404 && reason == "session-lost",
        "the proxy said so itself, at once: no guess, no silent move to a server that knows nothing",
    );
    walk.narrator.check(
        id == Some(walk.caller.last_id()),
        "as a JSON-RPC error with the request's id, so the SDK can match it",
    );
}

async fn check_others(
    walk: &mut Walk<'_>,
    session: &Session,
    others: &[Session],
) -> Result<(), ClientError> {
    let mut count = 0;
    let mut are_well = true;
    for other in others.iter().filter(|other| other.home != session.home) {
        let answer = walk.caller.call(other, WHOAMI).await?;
        are_well &= text_of(&answer) == Some(other.home.as_str());
        count += 1;
    }
    walk.narrator.check(
        are_well && count > 0,
        &format!("the {count} sessions on the other servers noticed nothing"),
    );
    Ok(())
}

async fn check_return(walk: &mut Walk<'_>, name: &str) -> Result<(), ClientError> {
    let epoch = walk.stage.epoch;
    let began = Instant::now();
    let restarted = walk
        .stage
        .instance_mut(name)
        .map(|instance| instance.restart(epoch));
    if let Some(Err(error)) = restarted {
        walk.narrator
            .check(false, &format!("{name} cannot be started again: {error}"));
        return Ok(());
    }
    let mut is_back = false;
    while !is_back && began.elapsed() < RETURN_MAX {
        let (session, _) = walk.caller.initialize().await?;
        is_back = session.home == name;
        if !is_back {
            tokio::time::sleep(PAUSE).await;
        }
    }
    let claim = format!(
        "the health check saw it, and {name} gets new sessions again after {}",
        millis(began.elapsed())
    );
    walk.narrator.check(is_back, &claim);
    Ok(())
}
