//! `stream`: an event stream with a clock in every event.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Tool;
use crate::probe::arguments::out_of_range;
use crate::probe::call::Call;
use crate::probe::message::Refusal;
use crate::probe::script::{Script, Step};

/// Bytes of all padding of one stream.
const PADDING_BYTES_MAX: usize = 64 << 20;

pub(super) const TOOL: Tool = Tool {
    name: "stream",
    summary: "Answers with an event stream; every event carries the clock of its emission.",
    properties,
    required: &[],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "events": {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 10},
        "interval_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 100},
        "size": {"type": "integer", "minimum": 0, "maximum": 1_048_576, "default": 0},
        "burst": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 1},
        "first_delay_ms": {"type": "integer", "minimum": 0, "maximum": 3_600_000, "default": 0},
        "head_delay_ms": {"type": "integer", "minimum": 0, "maximum": 3_600_000, "default": 0},
        "accel_header": {"type": "boolean", "default": true},
        "cache_control": {"type": "string", "default": "no-cache"},
        "comment_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 0},
        "retry_ms": {"type": "integer", "minimum": 0, "maximum": 600_000, "default": 0},
        "prime": {"type": "boolean", "default": true},
        "close_after": {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 0},
        "kind": {"type": "string", "enum": ["progress", "message"]},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let arguments = &call.arguments;
    let head_delay = arguments.milliseconds("head_delay_ms", 0, 3_600_000)?;
    if head_delay > Duration::from_secs(5) {
        call.authorize()?;
    }
    let accel = arguments.flag("accel_header", true)?;
    let mut script = Script::report(json!({})).streamed(call.notice()?, accel);
    script.head_delay = head_delay;
    script.prime = arguments.flag("prime", true)?;
    let comment = arguments.milliseconds("comment_ms", 0, 600_000)?;
    script.comment = (!comment.is_zero()).then_some(comment);
    let cache_control = header_text(
        arguments
            .text("cache_control", 256)?
            .unwrap_or_else(|| "no-cache".into()),
    )?;
    script.header("Cache-Control", &cache_control);
    script.steps = steps(call)?;
    Ok(script)
}

/// The text, if it can be a header's value.
pub(super) fn header_text(text: String) -> Result<String, Refusal> {
    let safe = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if safe {
        Ok(text)
    } else {
        Err(Refusal::params(
            "a header's value is printable ASCII on one line",
        ))
    }
}

fn steps(call: &Call<'_>) -> Result<Vec<Step>, Refusal> {
    let arguments = &call.arguments;
    let events = arguments.count("events", 10, 0..=10_000)?;
    let size = arguments.count("size", 0, 0..=1 << 20)?;
    if events.saturating_mul(size) > PADDING_BYTES_MAX {
        return Err(out_of_range("size", "at most 64 MiB in all events"));
    }
    let interval = arguments.milliseconds("interval_ms", 100, 600_000)?;
    let burst = arguments.count("burst", 1, 1..=1_000)?;
    let close_after = arguments.count("close_after", 0, 0..=10_000)?;
    let pad: Arc<str> = "x".repeat(size).into();
    let mut steps = vec![Step::Wait(arguments.milliseconds(
        "first_delay_ms",
        0,
        3_600_000,
    )?)];
    match arguments.integer("retry_ms", 0, 0..=600_000)? {
        0 => {}
        retry_ms => steps.push(Step::Retry(retry_ms)),
    }
    for at in 0..events {
        if at > 0 && at % burst == 0 {
            steps.push(Step::Wait(interval));
        }
        steps.push(Step::Emit(Arc::clone(&pad)));
        if at + 1 == close_after && !call.is_modern() && !call.is_http_sse() {
            steps.push(Step::Detach);
        }
    }
    Ok(steps)
}
