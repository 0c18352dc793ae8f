//! A tool reports progress, and each event arrives when it was sent.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Walk, millis};
use crate::commands::demo::caller::Session;
use crate::commands::demo::client::{Answer, Arrival, ClientError};
use crate::commands::demo::narrator::Narrator;
use crate::commands::demo::server::COUNT;
use crate::terminal::QUIET;

const STEPS: usize = 5;
const PAUSE_MS: u64 = 300;

/// When an event was sent, and when it arrived.
struct Flight {
    sent: Instant,
    arrived: Instant,
}

/// Watches one call's stream.
pub(super) async fn stream(walk: &mut Walk<'_>, session: &Session) -> Result<(), ClientError> {
    walk.narrator.step("A tool reports progress").await;
    walk.narrator.say(
        "The server writes the time into each event. A proxy that buffers would deliver them all at the end.",
    );
    walk.narrator.sent(&format!(
        "POST /mcp   tools/call count, {STEPS} steps {PAUSE_MS} ms apart"
    ));
    let columns = walk
        .narrator
        .look()
        .paint(QUIET, "event      sent       arrived    on the way");
    walk.narrator.line(&columns);
    let epoch = walk.stage.epoch;
    let mut flights: Vec<Flight> = Vec::new();
    let narrator = &*walk.narrator;
    let mut arrived = |answer: &Answer, arrival: &Arrival| {
        if let Some(sent) = sent_at(&arrival.message, epoch) {
            flights.push(Flight {
                sent,
                arrived: arrival.at,
            });
            tell(narrator, answer.sent_at, flights.len(), sent, arrival.at);
        }
    };
    let arguments = json!({ "to": STEPS, "pause_ms": PAUSE_MS });
    let answer = walk
        .caller
        .watch(session, COUNT, arguments, &mut arrived)
        .await?;
    let status = answer.status.as_u16();
    walk.narrator.got(&format!(
        "{status}   the result, after {}",
        millis(answer.took())
    ));

    walk.narrator.check(
        flights.len() == STEPS,
        &format!("all {STEPS} progress events arrived"),
    );
    let is_prompt = flights
        .iter()
        .zip(flights.iter().skip(1))
        .all(|(event, next)| event.arrived < next.sent);
    walk.narrator.check(
        is_prompt && flights.len() == STEPS,
        "each arrived before the next was sent: nothing was held back",
    );
    let head_first = flights
        .first()
        .is_some_and(|first| answer.head_at < first.sent);
    walk.narrator.check(
        head_first,
        "the response's headers were there before the first event",
    );
    let is_answered = answer
        .response()
        .is_some_and(|message| message.get("result").is_some());
    walk.narrator
        .check(is_answered, "the result came last, and closed the stream");
    Ok(())
}

fn tell(narrator: &Narrator, began: Instant, number: usize, sent: Instant, arrived: Instant) {
    let after = |instant: Instant| millis(instant.saturating_duration_since(began));
    let event = format!("{number} of {STEPS}");
    let way = millis(arrived.saturating_duration_since(sent));
    narrator.line(&format!(
        "{event:9}  {:9}  {:9}  {way}",
        after(sent),
        after(arrived)
    ));
}

/// The time a progress notification says it was sent at.
fn sent_at(message: &Value, epoch: Instant) -> Option<Instant> {
    let text = message.pointer("/params/message")?.as_str()?;
    let millis: f64 = text.strip_suffix(" ms")?.rsplit(' ').next()?.parse().ok()?;
    let since = Duration::try_from_secs_f64(millis / 1000.0).ok()?;
    epoch.checked_add(since)
}
