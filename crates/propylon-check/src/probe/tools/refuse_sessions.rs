//! `refuse_sessions`: no new sessions for a time.

use std::sync::PoisonError;
use std::time::Instant;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "refuse_sessions",
    summary: "Answers initialize with an error status for a time.",
    properties,
    required: &["seconds"],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "seconds": {"type": "number", "minimum": 0, "maximum": 600},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "default": 503},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    call.authorize()?;
    let time = call.arguments.seconds("seconds", None, 600.0)?;
    let status = call.arguments.integer("status", 503, 400..=599)?;
    let until = call.place.fleet.clock.stamp().after(time);
    let refusing = (Instant::now() + time, u16::try_from(status).unwrap_or(503));
    *call
        .place
        .instance
        .refusing_sessions
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(refusing);
    Ok(Script::report(json!({"until": until.json()})))
}
