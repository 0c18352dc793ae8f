//! `notify`: events on the long-lived streams.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::census::read;
use crate::probe::get_stream::emit;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "notify",
    summary: "Emits events on the caller's GET stream, or on every subscription of this process.",
    properties,
    required: &[],
    disruptive: false,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "events": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 1},
        "interval_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 0},
        "delay_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 0},
        "target": {"type": "string", "enum": ["session", "subscriptions"], "default": "session"},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let arguments = &call.arguments;
    let events = arguments.integer("events", 1, 1..=1_000)?;
    let interval = arguments.milliseconds("interval_ms", 0, 600_000)?;
    let delay = arguments.milliseconds("delay_ms", 0, 600_000)?;
    let fleet = &call.place.fleet;
    if arguments.choice("target", &["session", "subscriptions"])? == "session" {
        let session = call.session.as_ref();
        let session = session.ok_or_else(|| {
            Refusal::params("target session needs a session, which this era has not")
        })?;
        let (place, log) = (call.place.clone(), Arc::clone(&session.get_stream));
        let spawned = fleet.spawn(async move {
            tokio::time::sleep(delay).await;
            emit(&place, &log, events, interval).await;
        });
        room(spawned)?;
        return Ok(Script::report(json!({"scheduled": events, "streams": 1})));
    }
    let nudges = fleet.nudges.clone();
    let spawned = fleet.spawn(async move {
        tokio::time::sleep(delay).await;
        for n in 0..events {
            if n > 0 {
                tokio::time::sleep(interval).await;
            }
            // Nobody listening is no error: the answer says how many there were.
            let _ = nudges.send(());
        }
    });
    room(spawned)?;
    let streams: u64 = fleet
        .instances
        .iter()
        .map(|instance| read(&instance.census.listen_streams))
        .sum();
    Ok(Script::report(
        json!({"scheduled": events, "streams": streams}),
    ))
}

fn room(spawned: bool) -> Result<(), Refusal> {
    if spawned {
        Ok(())
    } else {
        Err(super::full("the probe does as much as it may"))
    }
}
