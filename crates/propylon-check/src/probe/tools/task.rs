//! `task`: work that outlives its call.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::listen::missing_tasks;
use crate::probe::message::Refusal;
use crate::probe::perform::tool_result;
use crate::probe::script::{Closing, Script};
use crate::probe::task::{Fate, Plan};

pub(super) const TOOL: Tool = Tool {
    name: "task",
    summary: "Starts a task of the tasks extension and returns its handle.",
    properties,
    required: &[],
    disruptive: false,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "seconds": {"type": "number", "minimum": 0, "maximum": 600, "default": 1},
        "input": {"type": "boolean", "default": false},
        "outcome": {"type": "string", "enum": ["completed", "failed", "error-result"], "default": "completed"},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    if !call.takes_tasks() {
        return Err(missing_tasks());
    }
    let work = call.arguments.seconds("seconds", Some(1.0), 600.0)?;
    let needs_input = call.arguments.flag("input", false)?;
    let fate = match call
        .arguments
        .choice("outcome", &["completed", "failed", "error-result"])?
    {
        "failed" => Fate::Failed,
        "error-result" => Fate::ErrorResult,
        _ => Fate::Completed,
    };
    let result = tool_result(call, Map::new(), None);
    let (stamp, now) = (call.place.fleet.clock.stamp(), Instant::now());
    let task = call.place.instance.tasks().create(
        Plan {
            work,
            needs_input,
            fate,
            result,
        },
        stamp,
        now,
    );
    let mut handle = task.json(now, false);
    handle.insert("resultType".into(), json!("task"));
    Ok(Script::close(Closing::Result(Value::Object(handle))))
}
