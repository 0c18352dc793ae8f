//! `cacheable`: what a caching proxy would like to keep, with a serial that shows whether it did.

use serde_json::{Value, json};

use super::Tool;
use super::stream::header_text;
use crate::probe::call::Call;
use crate::probe::census::count;
use crate::probe::emission::Notice;
use crate::probe::identity::uuid;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "cacheable",
    summary: "Answers with a serial that grows with every execution, under the Cache-Control given.",
    properties,
    required: &[],
    disruptive: false,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "cache_control": {"type": "string", "default": "public, max-age=60"},
        "as": {"type": "string", "enum": ["json", "sse"], "default": "json"},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let cache_control = call.arguments.text("cache_control", 256)?;
    let cache_control = header_text(cache_control.unwrap_or_else(|| "public, max-age=60".into()))?;
    let as_sse = call.arguments.choice("as", &["json", "sse"])? == "sse";
    let (serial, nonce) = (count(&call.place.instance.serial), uuid());
    let mut script = Script::report(json!({"serial": serial, "nonce": nonce}));
    if as_sse {
        script = script.streamed(Notice::Message, true);
    }
    script.header("Cache-Control", &cache_control);
    script.header("ETag", &format!("\"{nonce}\""));
    Ok(script)
}
