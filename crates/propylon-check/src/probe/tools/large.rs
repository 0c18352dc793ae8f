//! `large`: a large body.

use serde_json::{Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::emission::Notice;
use crate::probe::message::Refusal;
use crate::probe::request::sha256_hex;
use crate::probe::script::{Form, Script};

/// Bytes anybody may ask for.
const FREE_BYTES_MAX: usize = 16 << 20;

pub(super) const TOOL: Tool = Tool {
    name: "large",
    summary: "Answers with a body of many bytes.",
    properties,
    required: &["bytes"],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "bytes": {"type": "integer", "minimum": 1, "maximum": 67_108_864},
        "as": {"type": "string", "enum": ["json", "sse"], "default": "json"},
        "framing": {"type": "string", "enum": ["content-length", "chunked"], "default": "content-length"},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let bytes = call.arguments.count("bytes", 0, 1..=64 << 20)?;
    let as_sse = call.arguments.choice("as", &["json", "sse"])? == "sse";
    let chunked = call
        .arguments
        .choice("framing", &["content-length", "chunked"])?
        == "chunked";
    if bytes > FREE_BYTES_MAX {
        call.authorize()?;
    }
    // The text, and the message that carries it.
    let held = call.place.fleet.budget.take(bytes.saturating_mul(2));
    let held = held.ok_or_else(|| super::full("the probe holds as many bytes as it may"))?;
    let text = noise(bytes);
    let mut script = Script::report(json!({"bytes": bytes, "sha256": sha256_hex(text.as_bytes())}));
    script.text = Some(text);
    script.held = Some(held);
    if as_sse {
        script = script.streamed(Notice::Message, true);
    } else if chunked {
        script.form = Form::JsonChunked;
    }
    Ok(script)
}

/// Characters without a pattern a compressor could use, the same every time (xorshift, Marsaglia 2003).
fn noise(bytes: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match u8::try_from(state >> 58).unwrap_or_default() {
            digit @ 0..=25 => char::from(b'a' + digit),
            digit @ 26..=51 => char::from(b'A' + digit - 26),
            digit @ 52..=61 => char::from(b'0' + digit - 52),
            62 => '-',
            _ => '_',
        }
    };
    (0..bytes).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn noise_is_the_same_every_time_and_has_no_short_pattern() {
        let noise = super::noise(4_096);
        assert_eq!(noise.len(), 4_096);
        assert_eq!(noise, super::noise(4_096));
        assert!(noise.matches(&noise[..6]).count() == 1);
    }
}
