//! `redirect`: a 3xx to wherever the caller says.

use serde_json::{Value, json};

use super::Tool;
use super::stream::header_text;
use crate::probe::arguments::out_of_range;
use crate::probe::call::Call;
use crate::probe::message::{INVALID_REQUEST, Refusal};
use crate::probe::script::{Closing, Script};

pub(super) const TOOL: Tool = Tool {
    name: "redirect",
    summary: "Answers with a redirect.",
    properties,
    required: &["location"],
    disruptive: true,
    looks: false,
    run,
};

fn properties() -> Value {
    json!({
        "location": {"type": "string", "maxLength": 2_048},
        "status": {"type": "integer", "enum": [301, 302, 303, 307, 308], "default": 307},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    super::over_http(call)?;
    call.authorize()?;
    let location = call
        .arguments
        .text("location", 2_048)?
        .ok_or_else(|| out_of_range("location", "given"))?;
    let status = match call.arguments.integer("status", 307, 301..=308)? {
        status @ (301 | 302 | 303 | 307 | 308) => u16::try_from(status).unwrap_or(307),
        _ => return Err(out_of_range("status", "301, 302, 303, 307 or 308")),
    };
    let data = json!({"instance": &*call.place.instance.name});
    let refusal = Refusal::new(200, INVALID_REQUEST, "the probe redirects, as asked").with(data);
    let mut script = Script {
        status,
        ..Script::close(Closing::Error(refusal))
    };
    script.header("Location", &header_text(location)?);
    Ok(script)
}
