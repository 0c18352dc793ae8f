//! `disconnects`: when the client of an exchange went away, and how.

use std::time::Duration;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::arguments::out_of_range;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::{Closing, Script, Step};

pub(super) const TOOL: Tool = Tool {
    name: "disconnects",
    summary: "Says when the instance saw the client close the exchanges with a key, and whether by FIN or RST.",
    properties,
    required: &["key"],
    disruptive: false,
    looks: true,
    run,
};

fn properties() -> Value {
    json!({
        "key": {"type": "string", "maxLength": 128},
        "wait_ms": {"type": "integer", "minimum": 0, "maximum": 30_000},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let key = call.key()?.ok_or_else(|| out_of_range("key", "given"))?;
    let at_most = call.arguments.milliseconds("wait_ms", 0, 30_000)?;
    let mut script = Script::close(Closing::Disconnects(key.clone()));
    if at_most > Duration::ZERO {
        script.steps.push(Step::AwaitDisconnect { key, at_most });
    }
    Ok(script)
}
