//! `hold_head`: not even a response head for a time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::clock::nanoseconds;
use crate::probe::message::Refusal;
use crate::probe::script::{Script, Step};

pub(super) const TOOL: Tool = Tool {
    name: "hold_head",
    summary: "Sends not even a response head for a time, then an event stream or JSON.",
    properties,
    required: &["seconds"],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "seconds": {"type": "number", "minimum": 0, "maximum": 3_600},
        "as": {"type": "string", "enum": ["sse", "json"], "default": "sse"},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    super::over_http(call)?;
    let time = call.arguments.seconds("seconds", None, 3_600.0)?;
    if time > Duration::from_secs(5) {
        call.authorize()?;
    }
    let mut script = Script::report(json!({"held_ns": nanoseconds(time)}));
    if call.arguments.choice("as", &["sse", "json"])? == "sse" {
        script = script.streamed(call.notice()?, true);
        script.steps.push(Step::Emit(Arc::from("")));
    }
    script.head_delay = time;
    Ok(script)
}
