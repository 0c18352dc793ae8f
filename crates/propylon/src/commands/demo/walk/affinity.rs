//! A session stays where it began, and new ones spread.

use super::Walk;
use crate::commands::demo::caller::{Session, text_of};
use crate::commands::demo::client::ClientError;
use crate::commands::demo::server::WHOAMI;
use crate::commands::demo::stage::NAMES;

const CALLS: usize = 6;

/// Calls in the first session and begins others, which it returns.
pub(super) async fn spread(
    walk: &mut Walk<'_>,
    session: &Session,
) -> Result<Vec<Session>, ClientError> {
    walk.narrator
        .step("Sessions stay put, and new ones spread")
        .await;
    walk.narrator.say(
        "A server knows only the sessions it began. The proxy learned which from the answer to initialize, and keeps no cookie.",
    );
    let mut others = Vec::new();
    let mut stayed = Vec::new();
    for _ in 0..CALLS {
        let (other, _) = walk.caller.initialize().await?;
        others.push(other);
        let answer = walk.caller.call(session, WHOAMI).await?;
        stayed.push(text_of(&answer).unwrap_or("nobody").to_owned());
    }
    let homes: Vec<_> = others.iter().map(|other| other.home.clone()).collect();
    let names = |names: &[String]| {
        names
            .iter()
            .map(|name| walk.narrator.instance(name))
            .collect::<Vec<_>>()
            .join(" ")
    };
    walk.narrator.got(&format!(
        "{CALLS} calls of the first session:  {}",
        names(&stayed)
    ));
    walk.narrator.got(&format!(
        "{CALLS} new sessions in between:     {}",
        names(&homes)
    ));

    let is_steady = stayed.iter().all(|name| *name == session.home);
    walk.narrator.check(
        is_steady,
        &format!("every call of the first session reached {}", session.home),
    );
    let is_spread = NAMES
        .iter()
        .all(|name| homes.iter().any(|home| home == name));
    walk.narrator
        .check(is_spread, "every server got new sessions");
    let mut is_home = true;
    for other in &others {
        let answer = walk.caller.call(other, WHOAMI).await?;
        is_home &= text_of(&answer) == Some(other.home.as_str());
    }
    walk.narrator.check(
        is_home,
        "and each of those sessions reaches its own server too",
    );
    Ok(others)
}
