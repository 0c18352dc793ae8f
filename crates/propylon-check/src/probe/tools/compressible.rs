//! `compressible`: what a compressing proxy would like to compress.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::request::sha256_hex;
use crate::probe::script::{Script, Step};

const PHRASE: &str = "the same words over and over, as text is. ";

pub(super) const TOOL: Tool = Tool {
    name: "compressible",
    summary: "Answers with text that compresses well, in JSON or spread over the events of a stream.",
    properties,
    required: &[],
    disruptive: false,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "bytes": {"type": "integer", "minimum": 1, "maximum": 16_777_216, "default": 65_536},
        "as": {"type": "string", "enum": ["json", "sse"], "default": "json"},
        "events": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 16},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let bytes = call.arguments.count("bytes", 64 << 10, 1..=16 << 20)?;
    let events = call.arguments.count("events", 16, 1..=1_000)?;
    let as_sse = call.arguments.choice("as", &["json", "sse"])? == "sse";
    let held = call.place.fleet.budget.take(bytes.saturating_mul(2));
    let held = held.ok_or_else(|| super::full("the probe holds as many bytes as it may"))?;
    let text: String = PHRASE.chars().cycle().take(bytes).collect();
    let mut script = Script::report(json!({"bytes": bytes, "sha256": sha256_hex(text.as_bytes())}));
    script.held = Some(held);
    if !as_sse {
        script.text = Some(text);
        return Ok(script);
    }
    script = script.streamed(call.notice()?, true);
    let share = bytes.div_ceil(events);
    for at in 0..events {
        let part = text
            .get((at * share).min(bytes)..((at + 1) * share).min(bytes))
            .unwrap_or_default();
        script.steps.push(Step::Emit(Arc::from(part)));
    }
    Ok(script)
}
