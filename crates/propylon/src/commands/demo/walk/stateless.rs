//! Calls of revision 2026-07-28: no session, and what matters mirrored into headers.

use serde_json::Value;

use super::{Walk, millis};
use crate::commands::demo::caller::{MODERN, modern_headers, text_of};
use crate::commands::demo::client::ClientError;
use crate::commands::demo::server::{HEADERS, WHOAMI};
use crate::commands::demo::stage::NAMES;
use crate::terminal::QUIET;

const CALLS: usize = 6;

/// JSON-RPC code of headers that contradict the body (2026-07-28 transports, Streamable HTTP).
const HEADER_MISMATCH: i64 = -32020;

/// Calls without any session.
pub(super) async fn call(walk: &mut Walk<'_>) -> Result<(), ClientError> {
    walk.narrator
        .step(&format!("A stateless call of revision {MODERN}"))
        .await;
    walk.narrator
        .say("No initialize, no session: every request says everything, so any server may answer.");
    check_headers(walk).await?;
    check_spread(walk).await?;
    check_contradiction(walk).await
}

async fn check_headers(walk: &mut Walk<'_>) -> Result<(), ClientError> {
    walk.narrator.sent("POST /mcp   tools/call headers");
    let sent = modern_headers(HEADERS);
    for (name, value) in &sent {
        let name = walk.narrator.look().paint(QUIET, &format!("{name}:"));
        walk.narrator.line(&format!("      {name} {value}"));
    }
    let answer = walk.caller.call_modern(&sent, HEADERS).await?;
    walk.narrator.got(&format!(
        "{}   in {}",
        answer.status.as_u16(),
        millis(answer.took())
    ));
    let reached: Value = text_of(&answer)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let value = |name: &str| {
        reached
            .get(name.to_ascii_lowercase())
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let arrived = sent
        .iter()
        .all(|(name, sent)| value(name).as_ref() == Some(sent));
    walk.narrator
        .check(arrived, "the server saw these headers as they were sent");
    let from = value("x-forwarded-for");
    let claim = format!(
        "and from the proxy who really called: X-Forwarded-For: {}",
        from.as_deref().unwrap_or("missing")
    );
    walk.narrator.check(
        from.is_some_and(|from| from == walk.stage.address().ip().to_string()),
        &claim,
    );
    let is_free = answer.status.is_success() && answer.header("mcp-session-id").is_none();
    walk.narrator.check(is_free, "no session came of it");
    Ok(())
}

async fn check_spread(walk: &mut Walk<'_>) -> Result<(), ClientError> {
    let mut names = Vec::new();
    for _ in 0..CALLS {
        let answer = walk
            .caller
            .call_modern(&modern_headers(WHOAMI), WHOAMI)
            .await?;
        names.push(text_of(&answer).unwrap_or("nobody").to_owned());
    }
    let shown: Vec<_> = names
        .iter()
        .map(|name| walk.narrator.instance(name))
        .collect();
    walk.narrator
        .got(&format!("{CALLS} more calls:  {}", shown.join(" ")));
    let is_spread = NAMES
        .iter()
        .all(|name| names.iter().any(|known| known == name));
    walk.narrator
        .check(is_spread, "they spread over every server");
    Ok(())
}

async fn check_contradiction(walk: &mut Walk<'_>) -> Result<(), ClientError> {
    walk.narrator
        .sent("POST /mcp   tools/call whoami, but with Mcp-Name: headers");
    let answer = walk
        .caller
        .call_modern(&modern_headers(HEADERS), WHOAMI)
        .await?;
    let error = answer.response().and_then(|message| message.get("error"));
    let code = error.and_then(|error| error.get("code")?.as_i64());
    let message = error
        .and_then(|error| error.get("message")?.as_str())
        .unwrap_or("no error");
    walk.narrator
        .got(&format!("{}   \"{message}\"", answer.status.as_u16()));
    let is_ours = answer.header("propylon-reason") == Some("header-mismatch");
    walk.narrator.check(
        answer.status.as_u16() == 400 && code == Some(HEADER_MISMATCH) && is_ours,
        "refused before any server saw it: no header says one thing and the body another",
    );
    Ok(())
}
