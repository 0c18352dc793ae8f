//! `echo_request`: the request as it arrived, line by line.

use serde_json::{Map, Value, json};

use super::Tool;
use crate::probe::call::Call;
use crate::probe::members::small_value;
use crate::probe::message::Refusal;
use crate::probe::script::Script;

pub(super) const TOOL: Tool = Tool {
    name: "echo_request",
    summary: "Reports the request as it arrived: exact header lines, body digest, connection, clocks.",
    properties,
    required: &[],
    disruptive: false,
    looks: false,
    run,
};

/// Four names that intermediaries treat differently: plain, with a hyphen, with an underscore, with a dot.
fn properties() -> Value {
    json!({
        "region": {"type": "string", "x-mcp-header": "Region"},
        "tenant": {"type": "string", "x-mcp-header": "Tenant-Id"},
        "user_id": {"type": "string", "x-mcp-header": "user_id"},
        "geo_region": {"type": "string", "x-mcp-header": "geo.region"},
        "padding": {"type": "string", "description": "Makes the body as large as you like"},
    })
}

fn run(call: &Call<'_>) -> Result<Script, Refusal> {
    let (mut small, mut sizes) = (Map::new(), Map::new());
    for (name, raw) in call.arguments.0.iter() {
        sizes.insert(name.to_owned(), json!(raw.len()));
        if let (Some(value), false) = (small_value(raw), name == "token") {
            small.insert(name.to_owned(), value);
        }
    }
    Ok(Script::report(json!({
        "request": call.request.head.json(),
        "body": call.request.body_json(),
        "message": {
            "id": call.id,
            "method": call.method,
            "meta": call.params.value("_meta"),
            "arguments": small,
            "argument_bytes": sizes,
        },
        "connection": call.request.connection_json(),
    })))
}
