//! `pretend_dead`: an instance that is gone for a time.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::arguments::out_of_range;
use crate::probe::call::Call;
use crate::probe::fleet::Mode;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "pretend_dead",
    summary: "Makes an instance refuse, reset or ignore connections for a time, as if it had died.",
    properties,
    required: &["seconds"],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "seconds": {"type": "number", "minimum": 0, "maximum": 600},
        "how": {"type": "string", "enum": ["refuse", "reset", "hang"], "default": "refuse"},
        "delay_ms": {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 200},
        "keep_sessions": {"type": "boolean", "default": false},
        "instance": {"type": "string", "maxLength": 128},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    call.authorize()?;
    let arguments = &call.arguments;
    let time = arguments.seconds("seconds", None, 600.0)?;
    let delay = arguments.milliseconds("delay_ms", 200, 10_000)?;
    let keep_sessions = arguments.flag("keep_sessions", false)?;
    let mode = match arguments.choice("how", &["refuse", "reset", "hang"])? {
        "reset" => Mode::Resetting,
        "hang" => Mode::Hanging,
        _ => Mode::Refusing,
    };
    let fleet = &call.place.fleet;
    let instance = match arguments.text("instance", 128)? {
        None => Arc::clone(&call.place.instance),
        Some(name) => {
            let found = fleet
                .instances
                .iter()
                .find(|instance| *instance.name == *name);
            Arc::clone(found.ok_or_else(|| {
                out_of_range("instance", "the name of an instance of this process")
            })?)
        }
    };
    let from = fleet.clock.stamp().after(delay);
    let dead = instance.name.to_string();
    let spawned = fleet.spawn(async move {
        tokio::time::sleep(delay).await;
        if !keep_sessions {
            instance.sessions().clear();
            instance.tasks().clear();
        }
        instance.mode.send_replace(mode);
        tokio::time::sleep(time).await;
        instance.mode.send_replace(Mode::Alive);
    });
    if !spawned {
        return Err(super::full("the probe does as much as it may"));
    }
    Ok(Script::report(
        json!({"dead": dead, "from": from.json(), "until": from.after(time).json()}),
    ))
}
