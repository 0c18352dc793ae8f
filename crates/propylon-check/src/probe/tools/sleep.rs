//! `sleep`: a silent call.

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::clock::nanoseconds;
use crate::probe::emission::Notice;
use crate::probe::message::Refusal;
use crate::probe::script::{Script, Step};

pub(super) const TOOL: Tool = Tool {
    name: "sleep",
    summary: "Says nothing for a time and then answers, in JSON or on an event stream whose head was sent at once.",
    properties,
    required: &["seconds"],
    disruptive: false,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "seconds": {"type": "number", "minimum": 0, "maximum": 3_600},
        "as": {"type": "string", "enum": ["json", "sse"], "default": "json"},
        "accel_header": {"type": "boolean", "default": true},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let time = call.arguments.seconds("seconds", None, 3_600.0)?;
    let mut script = Script::report(json!({"slept_ns": nanoseconds(time)}));
    if call.arguments.choice("as", &["json", "sse"])? == "sse" {
        script = script.streamed(Notice::Message, call.arguments.flag("accel_header", true)?);
        script.prime = false;
    }
    script.steps.push(Step::Wait(time));
    Ok(script)
}
