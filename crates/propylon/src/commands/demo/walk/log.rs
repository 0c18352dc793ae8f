//! What was written down of it all: names, times and reasons, and no secret.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Walk;
use crate::commands::demo::caller::Session;

/// By then the last line is written.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Reads the access log of the walk.
pub(super) async fn read(walk: &mut Walk<'_>, sessions: &[&Session]) {
    walk.narrator.step("What the proxy wrote down").await;
    let (text, lost) = wait_for_loss(walk).await;
    let count = text.lines().count();
    walk.narrator.say(&format!("The access log has {count} lines by now, one for each request. The one of the lost session:"));
    for key in [
        "time",
        "instance",
        "session",
        "rpc_method",
        "rpc_name",
        "status",
        "reason",
        "detail",
        "total_us",
    ] {
        if let Some(value) = lost.as_ref().and_then(|line| line.get(key)) {
            walk.narrator.line(&format!(
                "{key:11} {}",
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            ));
        }
    }
    let fingerprint = sessions.first().map(|session| session.fingerprint.as_str());
    let named = lost.as_ref().and_then(|line| line.get("session")?.as_str());
    walk.narrator.check(
        named.is_some() && named == fingerprint,
        "it says what happened, and to which session",
    );
    let is_silent = !text.is_empty() && sessions.iter().all(|session| !text.contains(&session.id));
    walk.narrator
        .check(is_silent, "no session id is in the log");
}

/// The log's text, and its line of the lost session, as soon as that is written.
async fn wait_for_loss(walk: &Walk<'_>) -> (String, Option<Value>) {
    let path = walk.stage.access_log();
    let due = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let lost = lines.into_iter().find(|line| {
            line.get("reason")
                .is_some_and(|reason| reason == "session-lost")
        });
        if lost.is_some() || Instant::now() >= due {
            return (text, lost);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
