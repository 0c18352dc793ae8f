//! `quiet_stream`: an event stream that falls silent and speaks again.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::{Script, Step};

pub(super) const TOOL: Tool = Tool {
    name: "quiet_stream",
    summary: "Answers with an event stream that is silent for a time between its events.",
    properties,
    required: &["seconds"],
    disruptive: false,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "seconds": {"type": "number", "minimum": 0, "maximum": 3_600},
        "before": {"type": "integer", "minimum": 0, "maximum": 1_000, "default": 1},
        "after": {"type": "integer", "minimum": 0, "maximum": 1_000, "default": 1},
        "accel_header": {"type": "boolean", "default": true},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let arguments = &call.arguments;
    let silence = arguments.seconds("seconds", None, 3_600.0)?;
    let before = arguments.count("before", 1, 0..=1_000)?;
    let after = arguments.count("after", 1, 0..=1_000)?;
    let accel = arguments.flag("accel_header", true)?;
    let notice = if before + after > 0 {
        call.notice()?
    } else {
        crate::probe::emission::Notice::Message
    };
    let mut script = Script::report(json!({})).streamed(notice, accel);
    let emit = Step::Emit(Arc::from(""));
    script
        .steps
        .extend(std::iter::repeat_n(emit.clone(), before));
    script.steps.push(Step::Wait(silence));
    script.steps.extend(std::iter::repeat_n(emit, after));
    Ok(script)
}
