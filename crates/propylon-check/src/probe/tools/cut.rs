//! `cut`: the connection ends where it should not.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::{CutPoint, Script, Step};
use crate::probe::wire::Ending;

/// Padding of a body that is cut in half.
const BODY_BYTES: usize = 64 << 10;

pub(super) const TOOL: Tool = Tool {
    name: "cut",
    summary: "Ends the connection before or within its answer.",
    properties,
    required: &["when"],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "when": {"type": "string", "enum": ["before-head", "after-head", "mid-event", "mid-body", "after-events"]},
        "how": {"type": "string", "enum": ["fin", "rst"], "default": "fin"},
        "events": {"type": "integer", "minimum": 0, "maximum": 1_000, "default": 3},
        "interval_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 50},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    call.authorize()?;
    let arguments = &call.arguments;
    let how = match arguments.choice("how", &["fin", "rst"])? {
        "rst" => Ending::Rst,
        _ => Ending::Fin,
    };
    let point = match arguments.choice(
        "when",
        &[
            "before-head",
            "after-head",
            "mid-event",
            "mid-body",
            "after-events",
        ],
    )? {
        "after-head" => CutPoint::AfterHead,
        "mid-event" => CutPoint::MidEvent,
        "mid-body" => CutPoint::MidBody,
        "after-events" => CutPoint::AfterEvents,
        _ => CutPoint::BeforeHead,
    };
    let events = arguments.count("events", 3, 0..=1_000)?;
    let interval = arguments.milliseconds("interval_ms", 50, 600_000)?;
    let mut script = Script::report(json!({"cut": how.as_str()}));
    if point == CutPoint::MidBody {
        script.text = Some("x".repeat(BODY_BYTES));
    } else {
        script = script.streamed(call.notice()?, true);
    }
    if matches!(point, CutPoint::MidEvent | CutPoint::AfterEvents) {
        for _ in 0..events {
            script.steps.push(Step::Emit(Arc::from("")));
            script.steps.push(Step::Wait(interval));
        }
    }
    script.cut = Some((point, how));
    Ok(script)
}
